package main

import (
	"fmt"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
)

// report is what a look at every record found.
type report struct {
	findings  counts
	witnesses []string
	present   int
}

func (r *report) find(what, witness string) {
	r.findings[what]++
	if len(r.witnesses) < 8 {
		r.witnesses = append(r.witnesses, what+": "+witness)
	}
}

const (
	rowsPerBatch  = 500
	batchPatience = 15 * time.Second
)

// verify reads every record and counter, from the masters or from any copy, and judges them.
func verify(client *as.Client, book *ledger, set string, replica as.ReplicaPolicy) *report {
	r := &report{findings: counts{}}
	policy := as.NewBatchPolicy()
	policy.ReplicaPolicy = replica
	for first := 0; first < len(book.keys); first += rowsPerBatch {
		last := min(first+rowsPerBatch, len(book.keys))
		for i, record := range readAll(client, policy, set, first, last) {
			if record != nil {
				r.present++
			}
			if what, why := book.judgeRecord(first+i, record); what != right {
				r.find(what, fmt.Sprintf("key %d (partition %d): %s", first+i, keyOf(set, first+i).PartitionId(), why))
			}
		}
	}
	for i, record := range readAll(client, policy, counterSet, 0, len(book.counters)) {
		found := 0
		if record != nil {
			found, _ = record.Bins["n"].(int)
		}
		c := &book.counters[i]
		if what := c.judge(int64(found)); what != right {
			r.find(what, fmt.Sprintf("counter %d: found %d, acknowledged %d, in doubt %d", i, found, c.acknowledged,
				c.doubtful))
		}
	}
	return r
}

// readAll insists: after a fault every record must become readable.
func readAll(client *as.Client, policy *as.BatchPolicy, set string, first, last int) []*as.Record {
	var keys []*as.Key
	for number := first; number < last; number++ {
		keys = append(keys, keyOf(set, number))
	}
	deadline := time.Now().Add(batchPatience)
	for {
		records, err := client.BatchGet(policy, keys)
		if err == nil {
			return records
		}
		if time.Now().After(deadline) {
			give("keys %d to %d of %s cannot be read for %v: %v", first, last-1, set, batchPatience, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// scanned compares what a scan hands over with the records that `present` counted.
func scanned(client *as.Client, set string, present int) (what string, holds bool) {
	seen := map[string]int{}
	results, err := client.ScanAll(nil, namespace, set, "v")
	if err != nil {
		return fmt.Sprintf("the scan fails: %v", err), false
	}
	for result := range results.Results() {
		if result.Err != nil {
			return fmt.Sprintf("the scan fails: %v", result.Err), false
		}
		seen[string(result.Record.Key.Digest())]++
	}
	twice := 0
	for _, times := range seen {
		if times > 1 {
			twice++
		}
	}
	return fmt.Sprintf("%d records, %d of them twice; single reads find %d", len(seen), twice, present),
		len(seen) == present && twice == 0
}

// verifyAll demands that nothing is lost: by the masters, by any copy, and by a scan.
func (t *test) verifyAll(client *as.Client, book *ledger) {
	masters := verify(client, book, recordSet, as.MASTER)
	t.nothingFound("nothing acknowledged is lost", masters)
	for round := 0; round < 2; round++ {
		t.nothingFound("any copy has it too", verify(client, book, recordSet, as.MASTER_PROLES))
	}
	what, holds := scanned(client, recordSet, masters.present)
	t.say("scan: %s", what)
	t.demand(holds, "a scan finds every record once", "%s", what)
}

func (t *test) nothingFound(what string, r *report) {
	for _, witness := range r.witnesses {
		t.say("%s", witness)
	}
	t.demand(len(r.findings) == 0, what, "%s", r.findings)
}

// copiesEqual compares the counts of objects of all nodes. `copies`: of each record.
func (t *test) copiesEqual(c *cluster, copies int) {
	look := func() (masters, proles int) {
		for _, node := range c.nodes() {
			masters += c.figure(node, "namespace/"+namespace, "master_objects")
			proles += c.figure(node, "namespace/"+namespace, "prole_objects")
		}
		return masters, proles
	}
	masters, proles := look()
	for i := 0; i < 50 && proles != masters*(copies-1); i++ {
		time.Sleep(100 * time.Millisecond)
		masters, proles = look()
	}
	t.demand(proles == masters*(copies-1), "each record has all its copies", "%d masters, %d others", masters, proles)
}

// report of a load that ended.
func (t *test) loadReport(l *load) {
	l.Lock()
	defer l.Unlock()
	t.say("load: %d operations, failed: %s", l.operations, l.failures)
	if !l.first.IsZero() {
		t.say("failures from %.2f s to %.2f s", l.first.Sub(t.began).Seconds(), l.last.Sub(t.began).Seconds())
	}
	for _, example := range append(l.examples, l.witnesses...) {
		t.say("%s", example)
	}
}

func (t *test) noFailures(l *load) {
	t.demand(l.failed() == 0, "no operation fails", "%s", l.failures)
}

func (t *test) readsRight(l *load) {
	l.Lock()
	defer l.Unlock()
	t.demand(len(l.findings) == 0, "every read finds what its client wrote", "%s", l.findings)
}
