package main

import (
	"fmt"
	"sync"
)

// ledger remembers what every record may be. A record has one writer, which waits for each answer, so its states follow
// each other: the last acknowledged one and what was in doubt since are what may be found.
type ledger struct {
	keys     []keyStates
	counters []counterStates
}

const absent = int64(0) // The version of a record that is not there.

type keyStates struct {
	sync.Mutex
	issued    int64   // The highest version so far: none is used twice.
	confirmed int64   // The last acknowledged state.
	doubtful  []int64 // What may have happened since, in order.
	overruled []int64 // What was in doubt when a later write was acknowledged.
}

type counterStates struct {
	sync.Mutex
	acknowledged, doubtful int64
}

func newLedger(keys, counters int) *ledger {
	return &ledger{keys: make([]keyStates, keys), counters: make([]counterStates, counters)}
}

// version for the next write of a record; none for a deletion, which is `absent`.
func (k *keyStates) next() int64 {
	k.Lock()
	defer k.Unlock()
	k.issued++
	return k.issued
}

// settle says how a write of `version` ended.
func (k *keyStates) settle(version int64, end outcome) {
	k.Lock()
	defer k.Unlock()
	switch end {
	case done:
		k.overruled = append(k.overruled, k.doubtful...)
		k.doubtful = nil
		k.confirmed = version
	case inDoubt:
		k.doubtful = append(k.doubtful, version)
	}
}

type outcome int

const (
	done outcome = iota
	inDoubt
	refused // Certainly not carried out.
)

// What a found version means. Everything but "right" is a finding.
const (
	right       = "right"
	lost        = "an acknowledged write is lost"
	resurrected = "a deleted record is back"
	late        = "a write whose time was over was carried out after a later one"
	invented    = "a version that was never written"
	damaged     = "a record that is not whole"
	uneven      = "a counter out of its bounds"
)

// judge says what it means that `found` is there.
func (k *keyStates) judge(found int64) string {
	k.Lock()
	defer k.Unlock()
	if found == k.confirmed || contains(k.doubtful, found) {
		return right
	}
	switch {
	case found != absent && contains(k.overruled, found):
		return late
	case found > k.issued:
		return invented
	case k.confirmed == absent:
		return resurrected
	default:
		return lost
	}
}

func (k *keyStates) String() string {
	k.Lock()
	defer k.Unlock()
	return fmt.Sprintf("acknowledged %d, in doubt since %v", k.confirmed, k.doubtful)
}

func (c *counterStates) settle(end outcome) {
	c.Lock()
	defer c.Unlock()
	switch end {
	case done:
		c.acknowledged++
	case inDoubt:
		c.doubtful++
	}
}

func (c *counterStates) judge(found int64) string {
	c.Lock()
	defer c.Unlock()
	if found < c.acknowledged || found > c.acknowledged+c.doubtful {
		return uneven
	}
	return right
}

func contains(all []int64, one int64) bool {
	for _, v := range all {
		if v == one {
			return true
		}
	}
	return false
}

// payload goes with a version, so that a record of two writes is noticed.
func payload(key int, version int64) string {
	const size = 80
	text := ""
	for len(text) < size {
		text += fmt.Sprintf("%d/%d.", key, version)
	}
	return text[:size]
}
