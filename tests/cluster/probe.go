package main

import (
	"net"
	"sync"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
)

// probes write their own keys without pause, one goroutine a key, and measure how long a key could not be written.
type probes struct {
	client   *as.Client
	stopping chan struct{}
	group    sync.WaitGroup

	sync.Mutex
	worst          time.Duration
	worstPartition int
	failures       counts
}

const probePace = 10 * time.Millisecond

func startProbes(client *as.Client, keys []*as.Key) *probes {
	p := &probes{client: client, stopping: make(chan struct{}), failures: counts{}}
	for _, key := range keys {
		p.group.Add(1)
		go p.work(key)
	}
	return p
}

func (p *probes) stop() {
	close(p.stopping)
	p.group.Wait()
}

func (p *probes) work(key *as.Key) {
	defer p.group.Done()
	last := time.Now()
	for n := 0; ; n++ {
		select {
		case <-p.stopping:
			p.note(key, time.Since(last), nil)
			return
		case <-time.After(probePace):
		}
		err := p.client.Put(nil, key, as.BinMap{"v": n})
		now := time.Now()
		if err == nil {
			p.note(key, now.Sub(last), nil)
			last = now
		} else {
			p.note(key, 0, err)
		}
	}
}

func (p *probes) note(key *as.Key, gap time.Duration, err as.Error) {
	p.Lock()
	defer p.Unlock()
	if gap > p.worst {
		p.worst, p.worstPartition = gap, key.PartitionId()
	}
	if err != nil {
		p.failures[codeOf(err)]++
	}
}

// keysOf finds a key for each of some partitions: those that `wanted` names, at most `limit`.
func keysOf(set string, wanted func(partition int) bool, limit int) []*as.Key {
	found := map[int]bool{}
	var keys []*as.Key
	for number := 0; len(keys) < limit && number < 200_000; number++ {
		key := keyOf(set, number)
		if partition := key.PartitionId(); wanted(partition) && !found[partition] {
			found[partition] = true
			keys = append(keys, key)
		}
	}
	return keys
}

// acceptance is how long it took until each of some records was written through the nodes at `addresses`, whoever is its
// master. Half the writes go to one, half to another. Past the limit: the rest is counted.
type acceptance struct {
	worst time.Duration
	never int
}

const acceptanceThreads = 32

func accept(addresses []string, keys []*as.Key, limit time.Duration) acceptance {
	began := time.Now()
	var lock sync.Mutex
	var result acceptance
	var group sync.WaitGroup
	for thread := 0; thread < acceptanceThreads; thread++ {
		group.Add(1)
		go func() {
			defer group.Done()
			w := rawWriter{address: addresses[thread%len(addresses)]}
			defer w.close()
			for i := thread; i < len(keys); i += acceptanceThreads {
				ok := w.insist(keys[i], began.Add(limit))
				lock.Lock()
				if ok {
					result.worst = max(result.worst, time.Since(began))
				} else {
					result.never++
				}
				lock.Unlock()
			}
		}()
	}
	group.Wait()
	return result
}

// rawWriter writes through one node.
type rawWriter struct {
	address    string
	connection net.Conn
}

const rawTimeout = 200 * time.Millisecond

func (w *rawWriter) insist(key *as.Key, until time.Time) bool {
	for time.Now().Before(until) {
		if w.put(key) {
			return true
		}
		time.Sleep(2 * time.Millisecond)
	}
	return false
}

func (w *rawWriter) put(key *as.Key) bool {
	if w.connection == nil {
		connection, err := net.DialTimeout("tcp", w.address, rawTimeout)
		if err != nil {
			return false
		}
		w.connection = connection
	}
	w.connection.SetDeadline(time.Now().Add(rawTimeout))
	answer, err := exchange(w.connection, kindMessage, putMessage(key.SetName(), key.Digest(), 1, rawTimeout))
	if err != nil {
		w.close()
		return false
	}
	return resultCode(answer) == 0
}

func (w *rawWriter) close() {
	if w.connection != nil {
		w.connection.Close()
		w.connection = nil
	}
}
