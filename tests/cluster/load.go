package main

import (
	"fmt"
	"math/rand"
	"strings"
	"sync"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
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
	client *as.Client
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

func newLoad(client *as.Client, book *ledger, set string, rate int, seed int64) *load {
	return &load{client: client, ledger: book, set: set, rate: rate, seed: seed, stopping: make(chan struct{}),
		failures: counts{}, findings: counts{}}
}

// fill writes every record once, as fast as it goes.
func (l *load) fill() time.Duration {
	began := time.Now()
	var group sync.WaitGroup
	for w := 0; w < writers; w++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for number := w; number < len(l.ledger.keys); number += writers {
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
	err := l.client.Put(nil, keyOf(l.set, number), as.BinMap{"v": version, "p": payload(number, version)})
	key.settle(version, endOf(err))
	l.note("put", err)
}

func (l *load) remove(number int) {
	_, err := l.client.Delete(nil, keyOf(l.set, number))
	l.ledger.keys[number].settle(absent, endOf(err))
	l.note("delete", err)
}

func (l *load) count(number int) {
	err := l.client.Add(nil, keyOf(counterSet, number), as.BinMap{"n": 1})
	l.ledger.counters[number].settle(endOf(err))
	l.note("add", err)
}

// get reads a record that only this worker writes: it must find what it wrote.
func (l *load) get(number int) {
	record, err := l.client.Get(nil, keyOf(l.set, number))
	if err != nil && !err.Matches(types.KEY_NOT_FOUND_ERROR) {
		l.note("get", err)
		return
	}
	l.note("get", nil)
	if what, why := l.ledger.judgeRecord(number, record); what != right {
		l.find(what, fmt.Sprintf("key %d (partition %d): %s", number, keyOf(l.set, number).PartitionId(), why))
	}
}

func (l *load) note(what string, err as.Error) {
	l.Lock()
	defer l.Unlock()
	l.operations++
	if err == nil {
		return
	}
	l.failures[what+": "+codeOf(err)]++
	l.last = time.Now()
	if l.first.IsZero() {
		l.first = l.last
	}
	if len(l.examples) < 5 {
		l.examples = append(l.examples, fmt.Sprintf("%s %s: %.160s", time.Now().Format("15:04:05.000"), what,
			strings.ReplaceAll(err.Error(), "\n", " ")))
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
	key := &b.keys[number]
	found := absent
	if record != nil {
		v, ok := record.Bins["v"].(int)
		found = int64(v)
		if p, _ := record.Bins["p"].(string); !ok || p != payload(number, found) {
			return damaged, fmt.Sprintf("bins %v", record.Bins)
		}
	}
	what = key.judge(found)
	return what, fmt.Sprintf("found %d; %s", found, key)
}
