package main

import (
	"math"
	"testing"

	"github.com/anishathalye/porcupine"
)

func op(in registerInput, out registerOutput, call, end int64) porcupine.Operation {
	return porcupine.Operation{Input: in, Output: out, Call: call, Return: end}
}

func TestHistories(t *testing.T) {
	write := func(value int, call, end int64) porcupine.Operation {
		return op(registerInput{kind: 'w', value: value}, registerOutput{unknown: end == math.MaxInt64}, call, end)
	}
	read := func(value int, generation uint32, call, end int64) porcupine.Operation {
		return op(registerInput{kind: 'r'}, registerOutput{found: value != 0, value: value, generation: generation}, call, end)
	}
	cas := func(value int, generation uint32, mismatch bool, call, end int64) porcupine.Operation {
		return op(registerInput{kind: 'c', value: value, generation: generation}, registerOutput{mismatch: mismatch}, call, end)
	}
	const never = math.MaxInt64
	for _, c := range []struct {
		name    string
		history []porcupine.Operation
		want    bool
	}{
		{"written and read", []porcupine.Operation{write(1, 0, 1), read(1, 1, 2, 3)}, true},
		{"lost", []porcupine.Operation{write(1, 0, 1), write(2, 2, 3), read(1, 1, 4, 5)}, false},
		{"gone", []porcupine.Operation{write(1, 0, 1), read(0, 0, 2, 3)}, false},
		{"an old value while it is overwritten", []porcupine.Operation{write(1, 0, 1), write(2, 2, 5), read(1, 1, 3, 4)}, true},
		{"back and forth", []porcupine.Operation{write(1, 0, 1), write(2, 2, 9), read(2, 2, 3, 4), read(1, 1, 5, 6)}, false},
		{"in doubt, and there", []porcupine.Operation{write(1, 0, never), read(1, 1, 2, 3)}, true},
		{"in doubt, and not there", []porcupine.Operation{write(1, 0, never), read(0, 0, 2, 3)}, true},
		{"in doubt, read, and vanished", []porcupine.Operation{write(1, 0, never), read(1, 1, 2, 3), read(0, 0, 4, 5)}, false},
		{"two won one generation", []porcupine.Operation{write(1, 0, 1), cas(2, 1, false, 2, 3), cas(3, 1, false, 4, 5)}, false},
		{"one of two won", []porcupine.Operation{write(1, 0, 1), cas(2, 1, false, 2, 5), cas(3, 1, true, 3, 6)}, true},
	} {
		if got := porcupine.CheckOperations(registerModel, c.history); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
