package main

import (
	"fmt"
	"math/rand"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	fabricOffset    = 1
	heartbeatOffset = 2
	garbageRounds   = 100
)

// runGarbage: a node that is sent anything on the ports between nodes stays up, stays in its cluster, and says so.
func runGarbage(t *test) {
	c := newCluster(t, 3)
	c.waitFormed(20 * time.Second)
	key := c.figures(1, "statistics")["cluster_key"]
	random := rand.New(rand.NewSource(t.seed))
	for round := 0; round < garbageRounds; round++ {
		for _, offset := range []int{fabricOffset, heartbeatOffset} {
			c.sendGarbage(c.address(1, offset), garbage(random, round))
		}
	}
	t.say("%d connections with garbage to each port", garbageRounds)
	formed, why := c.formed()
	t.demand(formed && c.figures(1, "statistics")["cluster_key"] == key, "the cluster is what it was", "%s", why)
	log, _ := os.ReadFile(filepath.Join(t.home(), "nodes", "node1", "log"))
	for _, port := range []string{"is no node of this cluster", "is no node of a cluster"} {
		t.demand(strings.Contains(string(log), port), fmt.Sprintf("the log says who %s", port), "it does not")
	}
	l := t.fill(c)
	t.verifyAll(l.client, l.book)
	l.client.Close()
}

// garbage is a frame too long, a greeting of nobody, noise, or the beginning of a request of another protocol.
func garbage(random *rand.Rand, round int) []byte {
	noise := make([]byte, 1+random.Intn(4000))
	random.Read(noise)
	switch round % 4 {
	case 0:
		return append([]byte{0xFF, 0xFF, 0xFF, 0xFF}, noise...)
	case 1:
		size := len(noise)
		return append([]byte{0, 0, byte(size >> 8), byte(size)}, noise...)
	case 2:
		return noise
	default:
		return []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	}
}

// sendGarbage waits until the node hangs up, or for a moment: what looks like a part of a frame may be waited for.
func (c *cluster) sendGarbage(address string, bytes []byte) {
	connection, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		give("%s does not accept connections: %v", address, err)
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(20 * time.Millisecond))
	connection.Write(bytes)
	connection.Read(make([]byte, 1))
}
