package main

import (
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
)

const (
	formLimit      = 2 * time.Second // From the last start to one view.
	acceptLimit    = 500 * time.Millisecond
	gapLimit       = 1500 * time.Millisecond
	detection      = 1500 * time.Millisecond // Heartbeat interval x timeout.
	settle         = 2 * time.Second         // Of load before a fault.
	copiesOfRecord = 2
)

// loaded is a cluster of `nodes` in sync, filled, with load on it.
type loaded struct {
	*cluster
	client *as.Client
	book   *ledger
	load   *load
}

func (t *test) loadedCluster(nodes int, options ...string) *loaded {
	c := newCluster(t, nodes, options...)
	t.say("one cluster of %d after %.2f s", nodes, c.waitFormed(20*time.Second).Seconds())
	c.waitSynced(t.sync)
	l := t.fill(c)
	l.load.start()
	time.Sleep(settle)
	return l
}

func (t *test) fill(c *cluster) *loaded {
	l := &loaded{cluster: c, client: c.connect(c.nodes()...), book: newLedger(t.records, counterCount)}
	l.load = newLoad(t.newUser(c, l.client), l.book, recordSet, t.rate, t.seed)
	took := l.load.fill()
	t.say("%d records written in %.1f s", t.records, took.Seconds())
	if l.load.failed() != 0 {
		give("loading fails: %s, %s", l.load.failures, l.load.examples)
	}
	return l
}

// loadUntil is for faults that come from elsewhere, such as an update of all containers.
func loadUntil(t *test, told <-chan os.Signal) {
	client := connectTo(t.at)
	defer client.Close()
	book := newLedger(t.records, counterCount)
	load := newLoad(goUser{client}, book, recordSet, t.rate, t.seed)
	load.fill()
	load.start()
	t.say("%d records written, the load runs", t.records)
	<-told
	load.stop()
	t.loadReport(load)
	t.noFailures(load)
	t.readsRight(load)
	t.verifyAll(client, book)
}

// end stops the load and looks at everything.
func (l *loaded) end() {
	t := l.t
	l.load.stop()
	l.load.user.close()
	t.loadReport(l.load)
	if !l.stuck {
		l.waitSynced(t.sync)
	}
	t.verifyAll(l.client, l.book)
	if len(l.nodes()) >= copiesOfRecord {
		t.copiesEqual(l.cluster, copiesOfRecord)
	}
	l.client.Close()
}

func (l *loaded) others(node int) []int {
	var out []int
	for _, other := range l.nodes() {
		if other != node {
			out = append(out, other)
		}
	}
	return out
}

func (l *loaded) addresses(nodes []int) []string {
	var out []string
	for _, node := range nodes {
		out = append(out, l.address(node, 0))
	}
	return out
}

// masterOf are keys of the partitions that `node` is master of, one of each.
func (l *loaded) masterOf(node int, set string, limit int) []*as.Key {
	maps, err := l.bitmaps(node)
	if err != nil || len(maps) == 0 {
		give("node %d does not tell its partitions: %v", node, err)
	}
	return keysOf(set, func(partition int) bool { return has(maps[0], partition) }, limit)
}

func runForm(t *test) {
	c := newCluster(t, t.nodes)
	t.within(c.waitFormed(20*time.Second), formLimit, "one view")
	c.waitSynced(t.sync)
	for column := 0; column < copiesOfRecord; column++ {
		t.evenlyHeld(c, column)
	}
}

// evenlyHeld demands that each partition is in the column's bitmap of exactly one node, and that the nodes' shares differ
// by one at most.
func (t *test) evenlyHeld(c *cluster, column int) {
	holders := make([]int, partitionCount)
	least, most := partitionCount, 0
	for _, node := range c.nodes() {
		maps, err := c.bitmaps(node)
		if err != nil || len(maps) <= column {
			give("node %d tells no column %d: %v", node, column, err)
		}
		share := 0
		for p := range holders {
			if has(maps[column], p) {
				holders[p]++
				share++
			}
		}
		least, most = min(least, share), max(most, share)
	}
	wrong := 0
	for _, n := range holders {
		if n != 1 {
			wrong++
		}
	}
	t.say("column %d: %d to %d partitions a node", column, least, most)
	t.demand(wrong == 0, fmt.Sprintf("column %d: each partition has one holder", column), "%d have not", wrong)
	t.demand(most-least <= 1, fmt.Sprintf("column %d: even", column), "%d to %d", least, most)
}

func runKill(t *test) {
	l := t.loadedCluster(t.nodes)
	victim := 1 + rand.New(rand.NewSource(t.seed)).Intn(t.nodes)
	theirs := l.masterOf(victim, "accept", partitionCount)
	measured := startProbes(l.client, l.masterOf(victim, "probe", t.probes))
	time.Sleep(time.Second)
	t.say("SIGKILL of node %d, master of %d partitions", victim, len(theirs))
	l.kill(victim)
	accepted := accept(l.addresses(l.nodes()), theirs, 10*time.Second)
	t.say("writes through survivors: all accepted after %.3f s, never %d", accepted.worst.Seconds(), accepted.never)
	t.demand(accepted.never == 0 && accepted.worst <= acceptLimit, "survivors accept every partition within 0.5 s",
		"the last after %.3f s, %d never in 10 s", accepted.worst.Seconds(), accepted.never)
	time.Sleep(4 * time.Second)
	t.gaps(measured, gapLimit)
	t.say("in sync again after %.1f s", l.waitSynced(t.sync).Seconds())
	if l.stuck {
		l.end()
		return
	}
	l.start(victim)
	t.say("node %d is back", victim)
	l.waitFormed(20 * time.Second)
	t.say("in sync again after %.1f s", l.waitSynced(t.sync).Seconds())
	l.end()
	t.readsRight(l.load)
}

func (t *test) gaps(p *probes, limit time.Duration) {
	p.stop()
	t.say("longest gap %.3f s (partition %d), failed: %s", p.worst.Seconds(), p.worstPartition, p.failures)
	t.demand(p.worst <= limit, fmt.Sprintf("no key has a gap above %v", limit), "%.3f s on partition %d",
		p.worst.Seconds(), p.worstPartition)
}

func runPause(t *test) {
	l := t.loadedCluster(t.nodes)
	victim := 1 + rand.New(rand.NewSource(t.seed)).Intn(t.nodes)
	theirs := l.masterOf(victim, "accept", partitionCount)
	measured := startProbes(l.client, l.masterOf(victim, "probe", t.probes))
	time.Sleep(time.Second)
	t.say("SIGSTOP of node %d, master of %d partitions", victim, len(theirs))
	l.pause(victim)
	began := time.Now()
	accepted := accept(l.addresses(l.nodes()), theirs, 10*time.Second)
	t.say("writes through survivors: all accepted after %.3f s, never %d", accepted.worst.Seconds(), accepted.never)
	t.demand(accepted.never == 0 && accepted.worst <= detection+acceptLimit, "survivors accept every partition in time",
		"the last after %.3f s, %d never in 10 s", accepted.worst.Seconds(), accepted.never)
	time.Sleep(t.pause - time.Since(began))
	// The client looks at all nodes together and waits for the silent one, so it may follow late: that is only told.
	measured.stop()
	t.say("longest gap at the client %.3f s, failed: %s", measured.worst.Seconds(), measured.failures)
	l.resume(victim)
	t.say("SIGCONT")
	t.say("one cluster after %.2f s", l.waitFormed(20*time.Second).Seconds())
	t.say("in sync after %.1f s", l.waitSynced(t.sync).Seconds())
	l.end()
}

func runRolling(t *test) {
	l := t.loadedCluster(t.nodes)
	for node := 1; node <= t.nodes; node++ {
		took := l.stop(node)
		t.say("node %d stopped in %.2f s", node, took.Seconds())
		l.waitFormed(20 * time.Second)
		l.start(node)
		t.say("node %d ready after %.2f s; failed so far: %d", node, l.waitReady(node, t.sync).Seconds(),
			l.load.failed())
		if l.stuck {
			break
		}
	}
	l.end()
	t.noFailures(l.load)
	t.readsRight(l.load)
}

func runScale(t *test) {
	l := t.loadedCluster(1)
	for _, nodes := range []int{3, 5} {
		l.grow(nodes)
		formed := l.waitFormed(20 * time.Second)
		synced := l.waitSynced(t.sync)
		t.say("%d nodes: one cluster after %.2f s, in sync after %.2f s more; failed so far: %d", nodes, formed.Seconds(),
			synced.Seconds(), l.load.failed())
	}
	for node := 5; node > 1 && !l.stuck; node-- {
		took := l.stop(node)
		l.waitFormed(20 * time.Second)
		t.say("node %d stopped in %.2f s; failed so far: %d", node, took.Seconds(), l.load.failed())
	}
	l.end()
	t.noFailures(l.load)
	t.readsRight(l.load)
}

func runChaos(t *test) {
	l := t.loadedCluster(t.nodes)
	random := rand.New(rand.NewSource(t.seed))
	until := time.Now().Add(t.chaos)
	faults := 0
	for ; time.Now().Before(until) && !l.stuck; faults++ {
		node := l.nodes()[random.Intn(t.nodes)]
		away := time.Duration(random.Intn(6000)) * time.Millisecond
		t.chaosStep(l, node, random.Intn(3), away)
		time.Sleep(time.Duration(random.Intn(1000)) * time.Millisecond)
	}
	t.say("%d faults", faults)
	l.end()
}

// chaosStep takes one node away and waits until all copies are whole again: two copies are never missing at once.
func (t *test) chaosStep(l *loaded, node, kind int, away time.Duration) {
	switch kind {
	case 0:
		t.say("SIGKILL of node %d for %v", node, away)
		l.kill(node)
	case 1:
		t.say("SIGSTOP of node %d for %v", node, away)
		l.pause(node)
	default:
		t.say("SIGTERM of node %d for %v", node, away)
		l.stop(node)
	}
	time.Sleep(away)
	if kind == 1 {
		l.resume(node)
	} else {
		l.waitSynced(t.sync)
		l.start(node)
	}
	formed := l.waitFormed(20 * time.Second)
	t.say("one cluster after %.2f s, in sync after %.2f s more", formed.Seconds(), l.waitSynced(t.sync).Seconds())
}

func runLinear(t *test) {
	c := newCluster(t, 3)
	c.waitFormed(20 * time.Second)
	c.waitSynced(t.sync)
	l := &loaded{cluster: c, client: c.connect(c.nodes()...)}
	random := rand.New(rand.NewSource(t.seed))
	t.recordHistory(l, func(calm time.Duration) {
		for kind := 0; kind < 3 && !l.stuck; kind++ {
			time.Sleep(calm)
			t.chaosStep(l, 1+random.Intn(3), kind, 3*time.Second)
		}
		time.Sleep(calm)
	}, time.Second)
	l.client.Close()
}

// runAway: three nodes with files. One is stopped, keys change, it comes back and must receive what it missed, not all.
func runAway(t *test) {
	c := newCluster(t, 3, "--stored")
	c.waitFormed(20 * time.Second)
	c.waitSynced(t.sync)
	l := t.fill(c)
	l.waitSynced(t.sync)
	for _, changed := range []int{0, min(t.changed, t.records)} {
		t.awayOnce(l, changed)
	}
	l.load.start() // For end(): nothing more happens in the meantime.
	l.end()
}

func (t *test) awayOnce(l *loaded, changed int) {
	const node = 2
	time.Sleep(time.Second) // More than the flush interval: the node comes back with all it acknowledged.
	l.kill(node)
	began := time.Now()
	l.waitFormed(20 * time.Second)
	for number := 0; number < changed; number++ {
		l.load.put(number)
	}
	if left := t.away - time.Since(began); left > 0 {
		time.Sleep(left)
	}
	t.say("node %d was away %.1f s, %d keys changed", node, time.Since(began).Seconds(), changed)
	before := l.sent()
	l.start(node)
	synced := l.waitSynced(t.sync)
	received := l.sent() - before
	t.say("in sync after %.2f s, %d records sent", synced.Seconds(), received)
	// It holds two thirds of the copies, and is sent those of the changed records.
	t.demand(received*5 <= changed*6, "what was missed is sent, and little more", "%d records for %d changed", received,
		changed)
	limit := 10 * time.Second
	if changed == 0 {
		limit = time.Second
	}
	t.within(synced, limit, fmt.Sprintf("in sync after %d changes", changed))
}

const (
	// More than the changes that a namespace remembers (CopyOptions::rings_most).
	changesForgotten = 300_000
	digestSlower     = 1.5 // Than a full copy.
)

// runDigest: most keys change, and so often that the node that was away can't be told which. What it has is compared
// with what is there, which must not take much longer than to send everything.
func runDigest(t *test) {
	c := newCluster(t, 2, "--stored")
	c.waitFormed(20 * time.Second)
	c.waitSynced(t.sync)
	l := t.fill(c)
	l.kill(2)
	l.waitFormed(20 * time.Second)
	l.start(2, "--empty")
	l.waitFormed(20 * time.Second)
	full := l.waitSynced(t.sync)
	t.say("all %d records sent in %.2f s", t.records, full.Seconds())
	time.Sleep(time.Second)
	l.kill(2)
	l.waitFormed(20 * time.Second)
	distinct := t.records * 6 / 10
	for changes := 0; changes < changesForgotten; changes += distinct {
		l.load.fillFirst(distinct)
	}
	before := l.sent()
	l.start(2)
	l.waitFormed(20 * time.Second)
	digest := l.waitSynced(t.sync)
	received := l.sent() - before
	t.say("after %d keys changed in sync in %.2f s, %d records sent", distinct, digest.Seconds(), received)
	t.demand(received*5 <= distinct*6, "what was missed is sent, and little more", "%d records", received)
	t.demand(digest.Seconds() <= digestSlower*full.Seconds(), "no slower than half as long again as a full copy",
		"%.2f s against %.2f s", digest.Seconds(), full.Seconds())
	l.load.start() // For end(): nothing more happens in the meantime.
	l.end()
}

// sent is how many records all nodes received by migration.
func (c *cluster) sent() int {
	total := 0
	for _, node := range c.nodes() {
		total += max(0, c.figure(node, "namespace/"+namespace, "migrate_record_receives"))
	}
	return total
}

func runEmpty(t *test) {
	c := newCluster(t, 2)
	c.waitFormed(20 * time.Second)
	c.waitSynced(t.sync)
	l := t.fill(c)
	l.kill(2)
	l.waitSynced(t.sync)
	l.start(2, "--empty")
	began := time.Now()
	l.waitFormed(20 * time.Second)
	l.waitSynced(t.sync)
	took := time.Since(began)
	t.say("%d records in %.2f s: %.0f per second", t.records, took.Seconds(), float64(t.records)/took.Seconds())
	l.load.start()
	l.end()
}

// runSplit: both sides serve; what was written on one side only must be there after the reunion.
func runSplit(t *test) {
	c := newCluster(t, 5, "--isolated")
	c.waitFormed(20 * time.Second)
	c.waitSynced(t.sync)
	l := t.fill(c)
	c.do("split", "4,5")
	left, right := sideOf(c, 1, 2, 3), sideOf(c, 4, 5)
	c.waitFor("two clusters", 20*time.Second, func() (bool, string) {
		okLeft, whyLeft := left.formed()
		okRight, whyRight := right.formed()
		return okLeft && okRight, whyLeft + "; " + whyRight
	})
	t.say("the network is cut, both sides are clusters")
	t.splitWrites(l, left, right)
	c.do("heal")
	reunion := c.waitFormed(60 * time.Second)
	t.within(reunion, 5*time.Second, "reunion")
	t.say("in sync after %.2f s more", c.waitSynced(t.sync).Seconds())
	t.splitVerify(c)
	conflicts := 0
	for _, node := range c.nodes() {
		conflicts += max(0, c.figure(node, "namespace/"+namespace, "ap_conflicts_resolved"))
	}
	t.say("%d conflicts resolved", conflicts)
	t.demand(conflicts > 0, "conflicts are counted", "ap_conflicts_resolved is 0 everywhere")
	t.nothingFound("records written before the split are there", verify(l.client, l.book, recordSet, as.MASTER))
	l.client.Close()
}

func sideOf(c *cluster, nodes ...int) *cluster {
	side := &cluster{t: c.t, basePort: c.basePort, isolated: true, up: map[int]bool{}}
	side.mark(true, nodes...)
	return side
}

const splitKeys = 2000

// splitWrites writes keys of each side, and the same keys on both.
func (t *test) splitWrites(l *loaded, sides ...*cluster) {
	for i, side := range sides {
		client := side.connect(side.nodes()...)
		writes := func(set string) {
			for number := 0; number < splitKeys; number++ {
				var err as.Error
				for attempt := 0; attempt < 20; attempt++ {
					if err = client.Put(nil, keyOf(set, number), as.BinMap{"side": i}); err == nil {
						break
					}
					time.Sleep(100 * time.Millisecond)
				}
				if err != nil {
					give("side %d does not serve: %v", i, err)
				}
			}
		}
		writes("side" + strconv.Itoa(i))
		writes("both")
		client.Close()
	}
	t.say("%d keys written on each side, %d on both", splitKeys, splitKeys)
	time.Sleep(t.pause)
}

func (t *test) splitVerify(c *cluster) {
	client := c.connect(c.nodes()...)
	defer client.Close()
	policy := as.NewBatchPolicy()
	for side := 0; side < 2; side++ {
		missing := 0
		for _, record := range readAll(client, policy, "side"+strconv.Itoa(side), 0, splitKeys) {
			if record == nil || record.Bins["side"] != side {
				missing++
			}
		}
		t.demand(missing == 0, fmt.Sprintf("what only side %d wrote is there", side), "%d of %d are not", missing, splitKeys)
	}
	masters := readAll(client, policy, "both", 0, splitKeys)
	policy.ReplicaPolicy = as.MASTER_PROLES
	differing := 0
	for round := 0; round < 2; round++ {
		for number, record := range readAll(client, policy, "both", 0, splitKeys) {
			if record == nil || masters[number] == nil || record.Bins["side"] != masters[number].Bins["side"] {
				differing++
			}
		}
	}
	t.demand(differing == 0, "every copy resolved the conflicts alike", "%d of %d keys differ or are gone", differing, splitKeys)
}
