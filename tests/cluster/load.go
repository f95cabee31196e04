package main

import (
	"fmt"
	"log"
	"math/rand"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/logger"
	"github.com/aerospike/aerospike-client-go/v8/types"
)

const (
	recordSet    = "ledger"
	counterSet   = "counters"
	counterCount = 50
	writers      = 32
)

// connect is a client as people have it: default policies.
func (c *cluster) connect(nodes ...int) *as.Client {
	var hosts []*as.Host
	for _, node := range nodes {
		hosts = append(hosts, as.NewHost(c.host(node), c.port(node)))
	}
	client, err := as.NewClientWithPolicyAndHost(as.NewClientPolicy(), hosts...)
	if err != nil {
		give("the client cannot connect: %v", err)
	}
	return client
}

// logClient has the Go client say what it does in a file beside the nodes.
func (t *test) logClient() {
	file, err := os.Create(filepath.Join(t.home(), "go-client.log"))
	if err != nil {
		give("no log: %v", err)
	}
	logger.Logger.SetLogger(log.New(file, "", log.Ltime|log.Lmicroseconds))
	logger.Logger.SetLevel(logger.INFO)
}

// connectTo is the same for a cluster that somebody else runs.
func connectTo(address string) *as.Client {
	host, port, err := net.SplitHostPort(address)
	number, wrong := strconv.Atoi(port)
	if err != nil || wrong != nil {
		give("'%s' is no HOST:PORT", address)
	}
	client, failed := as.NewClientWithPolicyAndHost(as.NewClientPolicy(), as.NewHost(host, number))
	if failed != nil {
		give("the client cannot connect: %v", failed)
	}
	return client
}

func keyOf(set string, number int) *as.Key {
	key, err := as.NewKey(namespace, set, number)
	if err != nil {
		give("key %d: %v", number, err)
	}
	return key
}

// endOf says what an answer to a write means for the record.
func endOf(err as.Error) outcome {
	switch {
	case err == nil:
		return done
	case err.IsInDoubt() || err.Matches(types.TIMEOUT, types.NETWORK_ERROR):
		return inDoubt
	default:
		return refused
	}
}

func codeOf(err as.Error) string {
	if err.IsInDoubt() {
		return fmt.Sprintf("code %d in doubt", ownCode(err))
	}
	return fmt.Sprintf("code %d", ownCode(err))
}

// ownCode looks through the client's MAX_RETRIES_EXCEEDED for what happened at last.
func ownCode(err as.Error) types.ResultCode {
	if e, ok := err.(*as.AerospikeError); ok {
		return e.ResultCode
	}
	return types.COMMON_ERROR
}

// load writes, reads, deletes, and counts until it is stopped, and keeps the ledger.
type load struct {
	user   user
	ledger *ledger
	set    string
	rate   int
	seed   int64

	stopping chan struct{}
	group    sync.WaitGroup

	sync.Mutex
	operations int
	failures   counts
	examples   []string
	first      time.Time // Of the failures.
	last       time.Time
	findings   counts // What reads found that must not be.
	witnesses  []string
}

func newLoad(u user, book *ledger, set string, rate int, seed int64) *load {
	return &load{user: u, ledger: book, set: set, rate: rate, seed: seed, stopping: make(chan struct{}),
		failures: counts{}, findings: counts{}}
}

// fill writes every record once, as fast as it goes.
func (l *load) fill() time.Duration { return l.fillFirst(len(l.ledger.keys)) }

// fillFirst writes the first records once.
func (l *load) fillFirst(count int) time.Duration {
	began := time.Now()
	var group sync.WaitGroup
	for w := 0; w < writers; w++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for number := w; number < count; number += writers {
				l.put(number)
			}
		}()
	}
	group.Wait()
	return time.Since(began)
}

func (l *load) start() {
	for w := 0; w < writers; w++ {
		l.group.Add(1)
		go l.work(w)
	}
}

func (l *load) stop() {
	close(l.stopping)
	l.group.Wait()
}

func (l *load) work(worker int) {
	defer l.group.Done()
	random := rand.New(rand.NewSource(l.seed + int64(worker)))
	pace := time.NewTicker(time.Second * writers / time.Duration(l.rate))
	defer pace.Stop()
	mine := (len(l.ledger.keys) - worker + writers - 1) / writers
	for {
		select {
		case <-l.stopping:
			return
		case <-pace.C:
		}
		number := worker + writers*random.Intn(mine)
		switch dice := random.Intn(100); {
		case dice < 55:
			l.put(number)
		case dice < 85:
			l.get(number)
		case dice < 92:
			l.remove(number)
		default:
			l.count(random.Intn(counterCount))
		}
	}
}

func (l *load) put(number int) {
	key := &l.ledger.keys[number]
	version := key.next()
	end := l.user.put(l.set, number, version)
	key.settle(version, end.outcome)
	l.note("put", end)
}

func (l *load) remove(number int) {
	end := l.user.remove(l.set, number)
	l.ledger.keys[number].settle(absent, end.outcome)
	l.note("delete", end)
}

func (l *load) count(number int) {
	end := l.user.add(counterSet, number)
	l.ledger.counters[number].settle(end.outcome)
	l.note("add", end)
}

// get reads a record that only this worker writes: it must find what it wrote.
func (l *load) get(number int) {
	what, end := l.user.get(l.set, number)
	l.note("get", end)
	if end.failed() {
		return
	}
	if verdict, why := l.ledger.judgeFound(number, what); verdict != right {
		l.find(verdict, fmt.Sprintf("key %d (partition %d): %s", number, keyOf(l.set, number).PartitionId(), why))
	}
}

func (l *load) note(what string, end ending) {
	l.Lock()
	defer l.Unlock()
	l.operations++
	if !end.failed() {
		return
	}
	l.failures[what+": "+end.code]++
	l.last = time.Now()
	if l.first.IsZero() {
		l.first = l.last
	}
	if len(l.examples) < 5 {
		l.examples = append(l.examples, fmt.Sprintf("%s %s: %s", time.Now().Format("15:04:05.000"), what, end.text))
	}
}

func (l *load) find(what, witness string) {
	l.Lock()
	defer l.Unlock()
	l.findings["read: "+what]++
	if len(l.witnesses) < 5 {
		l.witnesses = append(l.witnesses, time.Now().Format("15:04:05.000 ")+what+": "+witness)
	}
}

// failed is how many operations did.
func (l *load) failed() int {
	l.Lock()
	defer l.Unlock()
	total := 0
	for _, n := range l.failures {
		total += n
	}
	return total
}

// judgeRecord looks at a whole record; nil: it was not there.
func (b *ledger) judgeRecord(number int, record *as.Record) (what, why string) {
	what, why = b.judgeFound(number, foundIn(number, record))
	if what == damaged {
		why = fmt.Sprintf("bins %v", record.Bins)
	}
	return what, why
}

func (b *ledger) judgeFound(number int, what found) (verdict, why string) {
	if !what.whole {
		return damaged, fmt.Sprintf("version %d and a payload that is not its", what.version)
	}
	key := &b.keys[number]
	return key.judge(what.version), fmt.Sprintf("found %d; %s", what.version, key)
}
