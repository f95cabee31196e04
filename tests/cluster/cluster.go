package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const namespace = "test"

// cluster is a set of nodes that `flotilla dev` runs.
type cluster struct {
	t        *test
	basePort int
	isolated bool
	up       map[int]bool // Nodes that were started and neither stopped nor killed.
	stuck    bool         // Copies did not come in sync in time: no further fault makes sense.
}

var (
	clustersLock sync.Mutex
	clusters     []*cluster
)

// stopClusters ends every node of every cluster of this program.
func stopClusters() {
	clustersLock.Lock()
	defer clustersLock.Unlock()
	for _, c := range clusters {
		c.try("down", "--timeout", "5")
	}
	clusters = nil
}

// newCluster starts `nodes` nodes and waits for each to be ready, not for a common view.
func newCluster(t *test, nodes int, options ...string) *cluster {
	os.RemoveAll(t.home())
	if err := os.MkdirAll(t.home(), 0o755); err != nil {
		give("no folder: %v", err)
	}
	t.logClient()
	c := &cluster{t: t, up: map[int]bool{}}
	clustersLock.Lock()
	clusters = append(clusters, c)
	clustersLock.Unlock()
	for _, option := range options {
		c.isolated = c.isolated || option == "--isolated"
	}
	var out string
	for attempt := 0; attempt < 5; attempt++ {
		c.basePort = 20000 + 100*rand.Intn(max(1, 126-nodes)) // Below the ports that the system gives to clients.
		args := append([]string{"up", strconv.Itoa(nodes), "--no-wait", "--base-port", strconv.Itoa(c.basePort),
			"--data-size", "512M"}, append(c.server(), options...)...)
		var err error
		if out, err = c.try(args...); err == nil {
			c.mark(true, numbers(1, nodes)...)
			return c
		}
		c.try("down", "--empty", "--timeout", "5")
		if !strings.Contains(out, "taken by another program") && !strings.Contains(out, "cannot listen") {
			break
		}
	}
	give("the cluster does not start: %s", out)
	return nil
}

func (c *cluster) try(args ...string) (string, error) {
	all := append([]string{"dev", args[0], "--folder", filepath.Join(c.t.home(), "nodes")}, args[1:]...)
	command := exec.Command(c.t.tool, all...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	return strings.TrimSpace(out.String()), err
}

// do carries out an action of `flotilla dev`, or ends the scenario.
func (c *cluster) do(args ...string) {
	if out, err := c.try(args...); err != nil {
		give("flotilla dev %s: %s", strings.Join(args, " "), out)
	}
}

func (c *cluster) mark(up bool, nodes ...int) {
	for _, node := range nodes {
		if up {
			c.up[node] = true
		} else {
			delete(c.up, node)
		}
	}
}

// server says which flotillad, when it is not the one beside the tool.
func (c *cluster) server() []string {
	if c.t.options.server == "" {
		return nil
	}
	return []string{"--binary", c.t.options.server}
}

func (c *cluster) grow(nodes int) {
	c.do(append([]string{"up", strconv.Itoa(nodes), "--no-wait"}, c.server()...)...)
	c.mark(true, numbers(1, nodes)...)
}

func (c *cluster) kill(node int) {
	c.do("kill", strconv.Itoa(node))
	c.mark(false, node)
}

// stop sends SIGTERM and waits for the end.
func (c *cluster) stop(node int) time.Duration {
	began := time.Now()
	c.do("stop", strconv.Itoa(node), "--timeout", "120")
	c.mark(false, node)
	return time.Since(began)
}

func (c *cluster) start(node int, options ...string) {
	c.do(append([]string{"start", strconv.Itoa(node), "--no-wait"}, options...)...)
	c.mark(true, node)
}

func (c *cluster) pause(node int) {
	c.do("pause", strconv.Itoa(node))
	c.mark(false, node)
}

func (c *cluster) resume(node int) {
	c.do("resume", strconv.Itoa(node))
	c.mark(true, node)
}

func (c *cluster) nodes() []int {
	var out []int
	for node := 1; node <= 64; node++ {
		if c.up[node] {
			out = append(out, node)
		}
	}
	return out
}

// pid is of the node's process, as text.
func (c *cluster) pid(node int) string {
	pid, err := os.ReadFile(filepath.Join(c.t.home(), "nodes", "node"+strconv.Itoa(node), "pid"))
	if err != nil {
		give("node %d: %v", node, err)
	}
	return strings.TrimSpace(string(pid))
}

func (c *cluster) host(node int) string {
	if c.isolated {
		return fmt.Sprintf("10.91.%d.%d", c.basePort/100%256, node)
	}
	return "127.0.0.1"
}

func (c *cluster) port(node int) int { return c.basePort + 100*(node-1) }

func (c *cluster) address(node, offset int) string {
	return net.JoinHostPort(c.host(node), strconv.Itoa(c.port(node)+offset))
}

// ask is one info command to one node.
func (c *cluster) ask(node int, command string) (string, error) {
	connection, err := net.DialTimeout("tcp", c.address(node, 0), time.Second)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(2 * time.Second))
	body, err := exchange(connection, kindInfo, []byte(command+"\n"))
	if err != nil {
		return "", err
	}
	_, value, _ := strings.Cut(strings.TrimRight(string(body), "\n"), "\t")
	return value, nil
}

// figures are the "name=value;..." of an answer; empty when the node does not answer.
func (c *cluster) figures(node int, command string) map[string]string {
	out := map[string]string{}
	answer, err := c.ask(node, command)
	if err != nil {
		return out
	}
	for _, pair := range strings.Split(answer, ";") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			out[name] = value
		}
	}
	return out
}

func (c *cluster) figure(node int, command, name string) int {
	value, err := strconv.Atoi(c.figures(node, command)[name])
	if err != nil {
		return -1
	}
	return value
}

// formed says whether the running nodes are one cluster of nobody else, and if not, why.
func (c *cluster) formed() (bool, string) {
	nodes := c.nodes()
	var states []string
	same := true
	first := ""
	for i, node := range nodes {
		f := c.figures(node, "statistics")
		state := f["cluster_key"] + "/" + f["cluster_size"]
		if i == 0 {
			first = state
		}
		same = same && state == first && f["cluster_size"] == strconv.Itoa(len(nodes))
		states = append(states, fmt.Sprintf("node %d: %s", node, state))
	}
	return same, strings.Join(states, ", ")
}

// synced says whether nothing waits to be moved and no copy is behind.
func (c *cluster) synced() (bool, string) {
	if ok, why := c.formed(); !ok {
		return false, why
	}
	waiting := counts{}
	for _, node := range c.nodes() {
		f := c.figures(node, "namespace/"+namespace)
		for _, name := range []string{"migrate_tx_partitions_remaining", "migrate_rx_partitions_remaining",
			"unavailable_partitions"} {
			if f[name] != "0" {
				waiting[fmt.Sprintf("%s=%s at node %d", name, f[name], node)]++
			}
		}
	}
	return len(waiting) == 0, waiting.String()
}

// ready is /readyz; if it does not say so, why.
func (c *cluster) ready(node int) (bool, string) {
	client := http.Client{Timeout: time.Second}
	answer, err := client.Get("http://" + c.address(node, 4) + "/readyz")
	if err != nil {
		return false, err.Error()
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 500))
	_, waiting := c.synced()
	return answer.StatusCode == http.StatusOK,
		fmt.Sprintf("%d %s; %s", answer.StatusCode, strings.TrimSpace(string(text)), waiting)
}

// waitFor returns how long a condition took; past the limit the scenario ends.
func (c *cluster) waitFor(what string, limit time.Duration, holds func() (bool, string)) time.Duration {
	began := time.Now()
	why := ""
	for time.Since(began) < limit {
		ok := false
		if ok, why = holds(); ok {
			return time.Since(began)
		}
		time.Sleep(20 * time.Millisecond)
	}
	give("%s: not within %v: %s", what, limit, why)
	return 0
}

func (c *cluster) waitFormed(limit time.Duration) time.Duration {
	return c.waitFor("one cluster", limit, c.formed)
}

func (c *cluster) waitSynced(limit time.Duration) time.Duration {
	return c.insist("all copies in sync", limit, c.synced)
}

// insist returns how long a condition took; past the limit that is a failure, and the cluster is stuck.
func (c *cluster) insist(what string, limit time.Duration, holds func() (bool, string)) time.Duration {
	began := time.Now()
	for {
		ok, why := holds()
		took := time.Since(began)
		if ok {
			return took
		}
		if took > limit {
			c.t.demand(false, what, "not within %v: %s", limit, why)
			c.stuck = true
			return took
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (c *cluster) waitReady(node int, limit time.Duration) time.Duration {
	return c.insist(fmt.Sprintf("/readyz of node %d", node), limit, func() (bool, string) { return c.ready(node) })
}

func numbers(first, last int) []int {
	var out []int
	for n := first; n <= last; n++ {
		out = append(out, n)
	}
	return out
}
