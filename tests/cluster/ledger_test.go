package main

import "testing"

func TestJudgement(t *testing.T) {
	written := func() *keyStates {
		k := &keyStates{}
		for _, end := range []outcome{done, inDoubt, done, inDoubt, refused} {
			k.settle(k.next(), end)
		}
		return k // 3 acknowledged, 4 in doubt, 5 refused, 2 overruled.
	}
	deleted := written()
	deleted.settle(absent, done)
	maybeDeleted := written()
	maybeDeleted.settle(absent, inDoubt)
	for _, c := range []struct {
		name  string
		key   *keyStates
		found int64
		want  string
	}{
		{"the acknowledged one", written(), 3, right},
		{"one in doubt since", written(), 4, right},
		{"an earlier acknowledged one", written(), 1, lost},
		{"nothing", written(), absent, lost},
		{"one in doubt before", written(), 2, late},
		{"a refused one", written(), 5, lost},
		{"one that was never written", written(), 6, invented},
		{"deleted and gone", deleted, absent, right},
		{"deleted and back", deleted, 3, resurrected},
		{"deleted and one in doubt before", deleted, 4, late},
		{"perhaps deleted and gone", maybeDeleted, absent, right},
		{"perhaps deleted and there", maybeDeleted, 3, right},
		{"never written and gone", &keyStates{}, absent, right},
	} {
		if got := c.key.judge(c.found); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestCounterBounds(t *testing.T) {
	c := &counterStates{}
	for _, end := range []outcome{done, done, inDoubt, refused} {
		c.settle(end)
	}
	for found, want := range []string{uneven, uneven, right, right, uneven} {
		if got := c.judge(int64(found)); got != want {
			t.Errorf("%d: %s, want %s", found, got, want)
		}
	}
}
