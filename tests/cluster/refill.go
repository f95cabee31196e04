package main

import (
	"math/rand"
	"sort"
	"sync"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
)

const (
	refillRounds  = 5
	refillRate    = 100_000 // Records per second.
	refillSlower  = 2.0     // The 99th percentile, against the quiet one.
	openLoopUsers = 256
	openLoopSpan  = 5 * time.Second
)

// runRefill: two nodes; one comes back empty and is filled, while a client goes on at half of what the cluster can do.
// Requests are sent by the clock, and their latency counts from when they were due: waiting is not hidden.
func runRefill(t *test) {
	c := newCluster(t, 2)
	c.waitFormed(20 * time.Second)
	c.waitSynced(t.sync)
	l := t.fill(c)
	most := t.mostPerSecond(l)
	t.say("the cluster does %.0f operations per second", most)
	var speeds, ratios []float64
	for round := 1; round <= refillRounds; round++ {
		quiet := startOpenLoop(l, most/2)
		time.Sleep(openLoopSpan)
		before := quiet.stop()
		l.kill(2)
		l.waitSynced(t.sync)
		l.start(2, "--empty")
		l.waitFormed(20 * time.Second)
		began := time.Now()
		during := startOpenLoop(l, most/2)
		l.waitSynced(t.sync)
		took := time.Since(began)
		after := during.stop()
		speeds = append(speeds, float64(t.records)/took.Seconds())
		ratios = append(ratios, after.Seconds()/before.Seconds())
		t.say("round %d: p99 %.2f ms quiet, %.2f ms during the %.2f s of filling: %.2f x; %.0f records per second", round,
			before.Seconds()*1e3, after.Seconds()*1e3, took.Seconds(), ratios[round-1], speeds[round-1])
	}
	l.client.Close()
	t.demand(median(speeds) >= refillRate, "a node is filled at 100,000 records per second", "%.0f", median(speeds))
	t.demand(median(ratios) <= refillSlower, "the 99th percentile doubles at most meanwhile", "%.2f x", median(ratios))
}

func median(of []float64) float64 {
	sort.Float64s(of)
	return of[len(of)/2]
}

// mostPerSecond is what the client and the cluster do together when nobody waits for the clock.
func (t *test) mostPerSecond(l *loaded) float64 {
	const span = 3 * time.Second
	var group sync.WaitGroup
	var lock sync.Mutex
	total := 0
	end := time.Now().Add(span)
	for user := 0; user < writers; user++ {
		group.Add(1)
		go func() {
			defer group.Done()
			random := rand.New(rand.NewSource(int64(user)))
			done := 0
			for ; time.Now().Before(end); done++ {
				openLoopRequest(l, random)
			}
			lock.Lock()
			total += done
			lock.Unlock()
		}()
	}
	group.Wait()
	return float64(total) / span.Seconds()
}

// openLoopRequest is a read, or one time in ten a write, of a record outside the ledger's care.
func openLoopRequest(l *loaded, random *rand.Rand) {
	number := random.Intn(len(l.book.keys))
	if random.Intn(10) != 0 {
		l.client.Get(nil, keyOf(recordSet, number))
		return
	}
	l.client.Put(nil, keyOf("open", number%10_000), as.BinMap{"v": number})
}

// openLoop sends requests at a rate, whether or not earlier ones were answered.
type openLoop struct {
	stopping chan struct{}
	group    sync.WaitGroup

	sync.Mutex
	latencies []time.Duration
}

// Each user has a schedule of its own.
func startOpenLoop(l *loaded, rate float64) *openLoop {
	o := &openLoop{stopping: make(chan struct{})}
	each := time.Duration(float64(time.Second) * openLoopUsers / rate)
	for user := 0; user < openLoopUsers; user++ {
		o.group.Add(1)
		go o.work(l, user, each)
	}
	return o
}

func (o *openLoop) work(l *loaded, user int, each time.Duration) {
	defer o.group.Done()
	random := rand.New(rand.NewSource(int64(user)))
	due := time.Now().Add(time.Duration(random.Int63n(int64(each))))
	var mine []time.Duration
	for {
		select {
		case <-o.stopping:
			o.Lock()
			o.latencies = append(o.latencies, mine...)
			o.Unlock()
			return
		case <-time.After(time.Until(due)):
		}
		openLoopRequest(l, random)
		mine = append(mine, time.Since(due))
		due = due.Add(each)
	}
}

// stop returns the 99th percentile.
func (o *openLoop) stop() time.Duration {
	close(o.stopping)
	o.group.Wait()
	sort.Slice(o.latencies, func(a, b int) bool { return o.latencies[a] < o.latencies[b] })
	return o.latencies[len(o.latencies)*99/100]
}
