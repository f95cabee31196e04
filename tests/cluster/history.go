package main

import (
	"fmt"
	"math"
	"math/rand"
	"path/filepath"
	"sort"
	"sync"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/types"
	"github.com/anishathalye/porcupine"
)

// Histories: several clients read, write, and compare-and-set the same few registers. Each operation is one of a register
// with a generation, between its call and its return; one in doubt may take effect at any time after its call, or never.

type registerInput struct {
	kind       byte // 'r', 'w', 'c': written only if the generation is as expected; 'd'.
	register   int
	value      int
	generation uint32
}

type registerOutput struct {
	unknown    bool
	found      bool
	value      int
	generation uint32
	mismatch   bool // Of 'c': refused because of the generation.
}

type registerState struct {
	found      bool
	value      int
	generation uint32
}

func (s registerState) written(value int) registerState {
	return registerState{true, value, s.generation + 1}
}

var registerModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byRegister := map[int][]porcupine.Operation{}
		for _, op := range history {
			register := op.Input.(registerInput).register
			byRegister[register] = append(byRegister[register], op)
		}
		var out [][]porcupine.Operation
		for _, ops := range byRegister {
			out = append(out, ops)
		}
		return out
	},
	Init: func() any { return registerState{} },
	Step: func(state, input, output any) (bool, any) {
		s, in, out := state.(registerState), input.(registerInput), output.(registerOutput)
		return step(s, in, out)
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
}

func step(s registerState, in registerInput, out registerOutput) (bool, registerState) {
	switch in.kind {
	case 'r':
		return out.found == s.found && (!s.found || out.value == s.value && out.generation == s.generation), s
	case 'w':
		return true, s.written(in.value)
	case 'd':
		return out.unknown || out.found == s.found, registerState{}
	default: // 'c'
		matches := s.found && s.generation == in.generation
		switch {
		case out.unknown && !matches:
			return true, s
		case out.mismatch:
			return !matches, s
		default:
			return matches, s.written(in.value)
		}
	}
}

type history struct {
	began time.Time
	sync.Mutex
	operations []porcupine.Operation
	values     int
	failures   counts
}

func (h *history) next() int {
	h.Lock()
	defer h.Unlock()
	h.values++
	return h.values
}

func (h *history) add(client int, in registerInput, out registerOutput, call time.Time, returned bool) {
	op := porcupine.Operation{ClientId: client, Input: in, Output: out, Call: call.Sub(h.began).Nanoseconds(),
		Return: math.MaxInt64}
	if returned {
		op.Return = time.Since(h.began).Nanoseconds()
	}
	h.Lock()
	defer h.Unlock()
	h.operations = append(h.operations, op)
}

// registerClient is one client of the registers; it waits for each answer.
type registerClient struct {
	history *history
	client  *as.Client
	number  int
	random  *rand.Rand
	seen    map[int]uint32 // Generations read last.
	count   int            // Of registers.
}

func (r *registerClient) once() {
	register := r.random.Intn(r.count)
	switch dice := r.random.Intn(100); {
	case dice < 45:
		r.read(register)
	case dice < 70:
		r.write(registerInput{kind: 'w', register: register, value: r.history.next()})
	case dice < 95:
		r.write(registerInput{kind: 'c', register: register, value: r.history.next(), generation: r.seen[register]})
	default:
		r.remove(register)
	}
}

func registerKey(register int) *as.Key { return keyOf("registers", register) }

func (r *registerClient) read(register int) {
	call := time.Now()
	record, err := r.client.Get(nil, registerKey(register))
	in := registerInput{kind: 'r', register: register}
	switch {
	case err == nil:
		r.seen[register] = record.Generation
		r.history.add(r.number, in, registerOutput{found: true, value: record.Bins["v"].(int),
			generation: record.Generation}, call, true)
	case err.Matches(types.KEY_NOT_FOUND_ERROR):
		r.history.add(r.number, in, registerOutput{}, call, true)
	default:
		r.failed("get", err) // A read that fails says nothing.
	}
}

func (r *registerClient) write(in registerInput) {
	policy := as.NewWritePolicy(0, 0)
	if in.kind == 'c' {
		policy.GenerationPolicy, policy.Generation = as.EXPECT_GEN_EQUAL, in.generation
		if in.generation == 0 {
			return // Nothing was read yet.
		}
	}
	call := time.Now()
	err := r.client.Put(policy, registerKey(in.register), as.BinMap{"v": in.value})
	switch {
	case err != nil && err.Matches(types.GENERATION_ERROR):
		r.history.add(r.number, in, registerOutput{mismatch: true}, call, true)
	case endOf(err) == done:
		r.history.add(r.number, in, registerOutput{}, call, true)
	case endOf(err) == inDoubt:
		r.history.add(r.number, in, registerOutput{unknown: true}, call, false)
		r.failed("put", err)
	default:
		r.failed("put", err)
	}
}

func (r *registerClient) remove(register int) {
	in := registerInput{kind: 'd', register: register}
	call := time.Now()
	existed, err := r.client.Delete(nil, registerKey(register))
	switch endOf(err) {
	case done:
		r.history.add(r.number, in, registerOutput{found: existed}, call, true)
	case inDoubt:
		r.history.add(r.number, in, registerOutput{unknown: true}, call, false)
		r.failed("delete", err)
	default:
		r.failed("delete", err)
	}
}

func (r *registerClient) failed(what string, err as.Error) {
	r.history.Lock()
	r.history.failures[what+": "+codeOf(err)]++
	r.history.Unlock()
	time.Sleep(20 * time.Millisecond) // Operations in doubt are what the checker's time grows with.
}

const (
	registerClients = 10
	registerCount   = 20
)

// recordHistory has clients work on the registers while `meanwhile(d)` runs, and judges what they saw.
func (t *test) recordHistory(l *loaded, meanwhile func(time.Duration), d time.Duration) {
	h := &history{began: time.Now(), failures: counts{}}
	stopping := make(chan struct{})
	var group sync.WaitGroup
	for number := 0; number < registerClients; number++ {
		group.Add(1)
		r := &registerClient{history: h, client: l.client, number: number, count: registerCount,
			random: rand.New(rand.NewSource(t.seed + int64(number))), seen: map[int]uint32{}}
		go r.work(stopping, &group)
	}
	defer func() { // Also when a fault goes wrong: what clients saw until then is judged.
		close(stopping)
		group.Wait()
		t.checkHistory(h)
	}()
	meanwhile(d)
}

func (r *registerClient) work(stopping chan struct{}, group *sync.WaitGroup) {
	defer group.Done()
	for {
		select {
		case <-stopping:
			return
		case <-time.After(10 * time.Millisecond):
			r.once()
		}
	}
}

// checkHistory demands that the history is one of registers that change at one moment each.
func (t *test) checkHistory(h *history) {
	result, info := porcupine.CheckOperationsVerbose(registerModel, h.operations, 2*time.Minute)
	t.say("history: %d operations, failed: %s; %s", len(h.operations), h.failures, result)
	if result != porcupine.Ok {
		page := filepath.Join(t.home(), "history.html")
		if err := porcupine.VisualizePath(registerModel, info, page); err == nil {
			t.say("the history is in %s", page)
		}
	}
	if result == porcupine.Illegal {
		t.showWrong(h.operations)
	}
	t.demand(result == porcupine.Ok, "the history of every key is linearizable", "%s", result)
}

// showWrong prints, for the first registers that are wrong, the operations that came last when their history went wrong.
func (t *test) showWrong(history []porcupine.Operation) {
	const registersShown, operationsShown = 3, 8
	shown := 0
	for _, ops := range registerModel.Partition(history) {
		sort.Slice(ops, func(i, j int) bool { return ops[i].Return < ops[j].Return })
		if shown == registersShown || porcupine.CheckOperations(registerModel, ops) {
			continue
		}
		shown++
		wrong := sort.Search(len(ops)-1, func(n int) bool {
			return !porcupine.CheckOperations(registerModel, until(ops, ops[n].Return))
		})
		t.say("register %d (partition %d): wrong with the last of", ops[0].Input.(registerInput).register,
			registerKey(ops[0].Input.(registerInput).register).PartitionId())
		for _, op := range until(ops[max(0, wrong-operationsShown):], ops[wrong].Return) {
			t.say("  %9.3f to %9.3f s %s", float64(op.Call)/1e9, float64(min(op.Return, 1e12))/1e9, describe(op))
		}
	}
}

// until is the history as it was known at a moment: what was under way then may have happened or not.
func until(ops []porcupine.Operation, moment int64) []porcupine.Operation {
	var out []porcupine.Operation
	for _, op := range ops {
		if op.Return > moment {
			if op.Call > moment || op.Input.(registerInput).kind == 'r' {
				continue
			}
			op.Return, op.Output = math.MaxInt64, registerOutput{unknown: true}
		}
		out = append(out, op)
	}
	return out
}

func describe(op porcupine.Operation) string {
	in, out := op.Input.(registerInput), op.Output.(registerOutput)
	switch {
	case in.kind == 'r' && !out.found:
		return "read nothing"
	case in.kind == 'r':
		return fmt.Sprintf("read %d generation %d", out.value, out.generation)
	case in.kind == 'd':
		return fmt.Sprintf("deleted (existed %v, in doubt %v)", out.found, out.unknown)
	case in.kind == 'c':
		return fmt.Sprintf("wrote %d if generation %d (refused %v, in doubt %v)", in.value, in.generation, out.mismatch,
			out.unknown)
	default:
		return fmt.Sprintf("wrote %d (in doubt %v)", in.value, out.unknown)
	}
}
