// Fault tests of a cluster: the official Go client puts load on nodes that `flotilla dev` runs, nodes are killed, paused,
// stopped, cut off, and started again, and a ledger that remembers every acknowledged write says what was lost.
//
//	cluster [options] [scenario...]
//	cluster -at HOST:PORT [options]      the load and the ledger alone, on a cluster that somebody else runs
//
// Prints figures, "FAIL <name>: <why>" for every demand that does not hold, and at the end "N passed, N failed".
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"

	"github.com/aerospike/aerospike-client-go/v8/logger"
)

// options bound every scenario.
type options struct {
	tool     string        // The program `flotilla`.
	server   string        // flotillad; empty: beside the tool.
	folder   string        // Where clusters keep their files; those of failed scenarios stay.
	nodes    int           // Of the scenarios of one size.
	records  int           // Loaded before the fault.
	rate     int           // Operations per second of the load.
	probes   int           // Keys on which gaps are measured.
	sync     time.Duration // How long copies may take to be whole again.
	pause    time.Duration // How long a paused or cut-off node is away.
	chaos    time.Duration // How long chaos lasts.
	away     time.Duration // How long a node is away while keys change.
	changed  int           // Keys that change meanwhile.
	seed     int64
	language string // Of the client under load: go, python, java, cpp, cpp-async.
	at       string // Of a node of a cluster that is there already; empty: the scenarios make their own.
}

type scenario struct {
	name string
	help string
	run  func(*test)
}

var scenarios = []scenario{
	{"checker", "one node: the ledger notices every planted loss", runChecker},
	{"form", "nodes started at once are one cluster, evenly", runForm},
	{"crowd", "64 nodes on one machine", runCrowd},
	{"garbage", "any bytes for the ports between nodes", runGarbage},
	{"cost", "processor time of a replicated put", runCost},
	{"kill", "SIGKILL of one", runKill},
	{"pause", "SIGSTOP of one, then SIGCONT", runPause},
	{"rolling", "SIGTERM and start of each", runRolling},
	{"scale", "1, 3, 5, 2, 1 nodes", runScale},
	{"chaos", "random kills, pauses, stops, never two copies at once", runChaos},
	{"linear", "histories under faults are linearizable", runLinear},
	{"away", "a node with files is away while keys change", runAway},
	{"digest", "a node with files misses more than the others remember", runDigest},
	{"empty", "a node comes back with nothing", runEmpty},
	{"refill", "a node comes back with nothing under half the load", runRefill},
	{"split", "a network cut 3 | 2 with writes on both sides (root)", runSplit},
}

func main() {
	log.SetFlags(0)
	opt := parseOptions()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, syscall.SIGINT, syscall.SIGTERM)
	logger.Logger.SetLevel(logger.OFF)
	todo := chosen(flag.Args())
	if opt.at != "" {
		todo = []scenario{{"load", "on the cluster of " + opt.at + " until SIGTERM", func(t *test) { loadUntil(t, interrupted) }}}
	} else {
		go func() {
			<-interrupted
			stopClusters()
			os.Exit(143)
		}()
	}
	passed, failed := 0, 0
	for _, s := range todo {
		t := runScenario(s, opt)
		passed += t.passed
		failed += t.failed
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed != 0 {
		os.Exit(1)
	}
}

func parseOptions() options {
	var opt options
	flag.StringVar(&opt.tool, "tool", "build/release/bin/flotilla", "the program flotilla")
	flag.StringVar(&opt.server, "server", "", "the program flotillad, if not beside the tool")
	flag.StringVar(&opt.folder, "folder", "build/cluster", "where the clusters keep their files")
	flag.IntVar(&opt.nodes, "nodes", 5, "nodes, where a scenario does not say how many")
	flag.IntVar(&opt.records, "records", 100_000, "records loaded before the fault")
	flag.IntVar(&opt.rate, "rate", 4000, "operations per second")
	flag.IntVar(&opt.probes, "probes", 100, "keys on which gaps are measured")
	flag.DurationVar(&opt.sync, "sync", 2*time.Minute, "how long copies may take to be whole again")
	flag.DurationVar(&opt.pause, "pause", 20*time.Second, "how long a node is paused or cut off")
	flag.DurationVar(&opt.chaos, "chaos", 2*time.Minute, "how long chaos lasts")
	flag.DurationVar(&opt.away, "away", 10*time.Second, "how long a node is away while keys change")
	flag.IntVar(&opt.changed, "changed", 10_000, "keys that change meanwhile")
	flag.Int64Var(&opt.seed, "seed", time.Now().UnixNano()%1_000_000, "of what is random")
	flag.StringVar(&opt.at, "at", "", "HOST:PORT of a node of a cluster that is there already: load on it until SIGTERM, and a look at every record")
	flag.StringVar(&opt.language, "client", "go", "the client that puts load on: go, python, java, cpp, cpp-async")
	flag.Usage = usage
	flag.Parse()
	opt.tool, _ = filepath.Abs(opt.tool)
	opt.folder, _ = filepath.Abs(opt.folder)
	return opt
}

func usage() {
	fmt.Fprintln(os.Stderr, "cluster [options] [scenario...]; default: all of")
	for _, s := range scenarios {
		fmt.Fprintf(os.Stderr, "  %-8s %s\n", s.name, s.help)
	}
	flag.PrintDefaults()
}

func chosen(names []string) []scenario {
	if len(names) == 0 {
		return scenarios
	}
	var out []scenario
	for _, name := range names {
		found := false
		for _, s := range scenarios {
			if s.name == name {
				out, found = append(out, s), true
			}
		}
		if !found {
			usage()
			log.Fatalf("there is no scenario '%s'", name)
		}
	}
	return out
}

// test is one scenario at work: what it demands and found.
type test struct {
	options
	name           string
	began          time.Time
	passed, failed int
}

// broken ends a scenario that cannot go on.
type broken struct{ why string }

func runScenario(s scenario, opt options) (t *test) {
	t = &test{options: opt, name: s.name, began: time.Now()}
	fmt.Printf("== %s: %s (seed %d, %d records, %d per second)\n", s.name, s.help, opt.seed, opt.records, opt.rate)
	defer func() {
		if why := recover(); why != nil {
			b, ok := why.(broken)
			if !ok {
				panic(why)
			}
			t.demand(false, "goes to its end", "%s", b.why)
		}
		stopClusters()
		if t.failed != 0 {
			fmt.Printf("   logs and configurations are in %s\n   repeat with: ./dev cluster -seed %d -nodes %d -records %d -rate %d %s\n",
				t.home(), opt.seed, opt.nodes, opt.records, opt.rate, s.name)
		} else {
			os.RemoveAll(t.home())
		}
	}()
	s.run(t)
	return t
}

func (t *test) home() string { return filepath.Join(t.folder, t.name) }

// say prints a figure with the time since the scenario's begin.
func (t *test) say(format string, args ...any) {
	fmt.Printf("   %7.2f s  %s\n", time.Since(t.began).Seconds(), fmt.Sprintf(format, args...))
}

// demand counts one thing that must hold.
func (t *test) demand(holds bool, what, format string, args ...any) {
	if holds {
		t.passed++
		t.say("ok: %s", what)
		return
	}
	t.failed++
	fmt.Printf("FAIL %s, %s: %s\n", t.name, what, fmt.Sprintf(format, args...))
}

func (t *test) within(took, limit time.Duration, what string) {
	t.demand(took <= limit, fmt.Sprintf("%s within %v", what, limit), "it took %.2f s", took.Seconds())
}

func give(format string, args ...any) { panic(broken{fmt.Sprintf(format, args...)}) }

// counts is how often each word was seen.
type counts map[string]int

func (c counts) String() string {
	var words []string
	for word, n := range c {
		words = append(words, fmt.Sprintf("%d x %s", n, word))
	}
	sort.Strings(words)
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}
