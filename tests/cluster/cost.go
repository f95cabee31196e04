package main

import (
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	costLimit      = 3.0
	ticksPerSecond = 100 // USER_HZ, on every machine that Linux runs on.
)

// runCost: what a put that two nodes keep costs their processors, against one that a node keeps alone.
func runCost(t *test) {
	alone := t.costOfPut(1)
	kept := t.costOfPut(copiesOfRecord)
	t.say("CPU of servers a put: %.1f us alone, %.1f us on two nodes: %.2f x", alone, kept, kept/alone)
	t.demand(kept <= costLimit*alone, "a replicated put costs at most 3 x", "%.2f x", kept/alone)
}

// costOfPut is in microseconds of all servers together. Records are there already, so that both sizes do the same.
func (t *test) costOfPut(nodes int) float64 {
	c := newCluster(t, nodes)
	c.waitFormed(20 * time.Second)
	c.waitSynced(t.sync)
	l := t.fill(c)
	before := c.cpu()
	l.load.fill()
	took := c.cpu() - before
	l.client.Close()
	c.do("down", "--timeout", "5")
	c.mark(false, c.nodes()...)
	return took.Seconds() * 1e6 / float64(t.records)
}

// cpu is what all servers have used since their start, in steps of 10 ms.
func (c *cluster) cpu() time.Duration {
	ticks := 0
	for _, node := range c.nodes() {
		stat, err := os.ReadFile("/proc/" + c.pid(node) + "/stat")
		if err != nil {
			give("node %d: %v", node, err)
		}
		_, after, _ := strings.Cut(string(stat), ") ") // Fields 3 and on; 14 and 15 are the times.
		fields := strings.Fields(after)
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		ticks += user + system
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond
}
