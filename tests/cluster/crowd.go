package main

import (
	"math/rand"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	crowdSize  = 64
	crowdLimit = 2 * time.Minute
)

// runCrowd: as many nodes as an address space of ports and one machine hold, in one cluster, and one of them lost.
func runCrowd(t *test) {
	// Many more processes than processors: one that waits for its turn is not to be taken for dead.
	for name, value := range map[string]string{"interval": "500", "timeout": "40"} {
		os.Setenv("FLOTILLA__network__heartbeat__"+name, value)
		defer os.Unsetenv("FLOTILLA__network__heartbeat__" + name)
	}
	c := newCluster(t, crowdSize)
	t.say("one cluster of %d after %.1f s", crowdSize, c.waitFormed(crowdLimit).Seconds())
	t.say("in sync after %.1f s more", c.waitSynced(crowdLimit).Seconds())
	for column := 0; column < copiesOfRecord; column++ {
		t.evenlyHeld(c, column)
	}
	t.say("%d MiB resident, all together", c.resident()>>20)
	l := t.fill(c)
	victim := 1 + rand.New(rand.NewSource(t.seed)).Intn(crowdSize)
	c.kill(victim)
	t.say("node %d killed: one cluster of the others after %.1f s", victim, c.waitFormed(crowdLimit).Seconds())
	t.say("in sync after %.1f s more", c.waitSynced(crowdLimit).Seconds())
	t.verifyAll(l.client, l.book)
	l.client.Close()
}

// resident is the memory of all servers, in bytes.
func (c *cluster) resident() int {
	total := 0
	for _, node := range c.nodes() {
		statm, err := os.ReadFile("/proc/" + c.pid(node) + "/statm")
		if err != nil {
			give("node %d: %v", node, err)
		}
		pages, _ := strconv.Atoi(strings.Fields(string(statm))[1])
		total += pages * os.Getpagesize()
	}
	return total
}
