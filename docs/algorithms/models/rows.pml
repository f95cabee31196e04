/* Rows of one partition: writes, drops, a change of the view, one fault, and a replica that is slow.
 *
 * Three nodes, replication factor 2. Node 0 leads the first view; the primary is node 0 or node 1. What was sent is never
 * taken back: a row that was granted, or a view that was decided, may reach a node at any time, or never. So messages are
 * lost, late, and out of order without a channel. One node may die, or be held for dead, or the leader may hand the lead
 * over; and any replica may lag behind and be dropped.
 *
 * Checked: a view calls no copy in sync that lacks an acknowledged write, and nobody acknowledges a write that the primary
 * of a newer view lacks (I17).
 *
 * Taken away, each of these must make it fail:
 *   -DNO_IN_FORCE         a leader that is primary acknowledges by a smaller row before another member has it
 *   -DROWS_MEANWHILE      a leader grants between PREPARE and COMMIT, and after a promise to another
 *   -DPROMISE_LEAVES_ROWS who promised a higher view still takes rows of the old one
 */
#define N 3
#ifndef ROWS
#define ROWS 5
#define EPOCHS 2
#endif
#define WRITES 2
#define BIT(i) (1 << (i))
#define IN(i, set) (((set) >> (i)) & 1)
#define VER(k) (r[k].epoch * 8 + r[k].n)
#define PRIM(k) r[k].primary
#define SYNC(k) r[k].sync

typedef Row { byte epoch; byte n; byte primary; byte sync; };

Row r[ROWS];
byte rows = 1;            /* How many there are. */
byte row[N];              /* Installed at a node, as member. */
byte given[N];            /* By which its copy acknowledges. */
byte epoch[N];            /* Installed view. */
byte promised[N];
byte leader[EPOCHS + 1];
byte first[EPOCHS + 1];   /* A view's row. */
byte last_epoch = 1;      /* Decided. */
bool alive[N];
byte has[N];              /* Writes, as bits. */
byte writes = 0;
byte acked = 0;
byte faults = 1;
bool stale = false;       /* A loss that is known: no more is promised. */

byte proposed = 0;        /* A view that is being prepared. */
byte by;
byte out_of_it = 0;       /* Held for dead by its proposer. */
byte told[N];             /* The row in each promise. */
byte has_told = 0;
bool yields = false;

hidden byte i; hidden byte j; hidden byte k; hidden byte best;  /* Within a step only. */

#define IS_LEADER(x) (leader[epoch[x]] == x)
#define PREPARES(x) (proposed != 0 && by == x)
#ifdef ROWS_MEANWHILE
#define MAY_GRANT(x) (alive[x] && IS_LEADER(x))
#else
#define MAY_GRANT(x) (alive[x] && IS_LEADER(x) && promised[x] == epoch[x] && !PREPARES(x))
#endif
#ifdef PROMISE_LEAVES_ROWS
#define TAKES_ROWS(x) alive[x]
#else
#define TAKES_ROWS(x) (alive[x] && promised[x] == epoch[x])
#endif
#ifdef NO_IN_FORCE
#define MUST_HOLD(x, new) false
#else
#define MUST_HOLD(x, new) (IS_LEADER(x) && PRIM(new) == x && (SYNC(given[x]) & ~SYNC(new)) != 0)
#endif
#define ACCEPTS(x, from) (VER(row[x]) <= VER(given[from]) || (PRIM(row[x]) == from && IN(x, SYNC(row[x]))))

inline install(x, new) {
  if
  :: MUST_HOLD(x, new) -> row[x] = new
  :: else -> row[x] = new; given[x] = new
  fi
}

inline any(x) { select(x : 0 .. 2) }

inline decide() {
  /* The newest row of all promises. */
  best = 255;
  for (j : 0 .. 2) {
    if
    :: IN(j, has_told) && (best == 255 || VER(told[j]) > VER(best)) -> best = told[j]
    :: else
    fi
  }
  k = rows; rows++;
  r[k].epoch = proposed; r[k].n = 0;
  r[k].sync = SYNC(best) & has_told;
  if
  :: IN(PRIM(best), has_told) -> r[k].primary = PRIM(best)
  :: else ->
     if
     :: SYNC(k) == 0 -> stale = true; r[k].primary = by; r[k].sync = BIT(by)
     :: else ->
        j = 0;
        do
        :: IN(j, SYNC(k)) -> break
        :: else -> j++
        od;
        r[k].primary = j
     fi
  fi;
  for (j : 0 .. 2) {
    assert(stale || !IN(j, SYNC(k)) || (has[j] & acked) == acked)
  }
  leader[proposed] = by; first[proposed] = k; last_epoch = proposed;
  epoch[by] = proposed; promised[by] = proposed;
  install(by, k);
  proposed = 0; has_told = 0; out_of_it = 0; yields = false;
  for (j : 0 .. 2) { told[j] = 0 }
}

active proctype world() {
  atomic {
    for (i : 0 .. 2) { alive[i] = true; epoch[i] = 1; promised[i] = 1 }
    leader[1] = 0; r[0].epoch = 1;
    if
    :: r[0].primary = 0; r[0].sync = 3
    :: r[0].primary = 1; r[0].sync = 6
    fi
  }
  do
  /* A client writes at whoever takes itself for the primary. */
  :: atomic { writes < WRITES ->
       any(i);
       if
       :: alive[i] && PRIM(given[i]) == i -> has[i] = has[i] | BIT(writes); writes++
       :: else
       fi }
  /* What a primary has reaches a copy. */
  :: atomic { any(i); any(j);
       if
       :: i != j && alive[i] && alive[j] && PRIM(given[i]) == i && IN(j, SYNC(given[i])) && ACCEPTS(j, i) ->
          has[j] = has[j] | has[i]
       :: else
       fi }
  /* A primary acknowledges what all in its row have. */
  :: atomic { any(i);
       if
       :: alive[i] && PRIM(given[i]) == i ->
          k = has[i];
          for (j : 0 .. 2) {
            if
            :: IN(j, SYNC(given[i])) -> k = k & has[j]
            :: else
            fi
          }
          acked = acked | k;
          assert(stale || last_epoch == epoch[i] || (has[PRIM(first[last_epoch])] & k) == k ||
                 PRIM(first[last_epoch]) == i)
       :: else
       fi }
  /* A primary has a copy dropped. */
  :: atomic { rows < ROWS - EPOCHS ->
       any(i); any(j);
       if
       :: alive[i] && PRIM(row[i]) == i && i != j && IN(j, SYNC(row[i])) && MAY_GRANT(leader[epoch[i]]) &&
          epoch[leader[epoch[i]]] == epoch[i] && row[leader[epoch[i]]] == row[i] ->
          k = rows; rows++;
          r[k].epoch = epoch[i]; r[k].n = r[row[i]].n + 1; r[k].primary = i; r[k].sync = SYNC(row[i]) & ~BIT(j);
          install(leader[epoch[i]], k)
       :: else
       fi }
  /* A row of its view reaches a member. */
  :: atomic { any(i); k = 0;
       do
       :: k + 1 < rows -> k++
       :: break
       od;
       if
       :: TAKES_ROWS(i) && r[k].epoch == epoch[i] && VER(k) > VER(row[i]) -> install(i, k)
       :: else
       fi }
  /* A held row is in force. */
  :: atomic { any(i); any(j);
       if
       :: i != j && alive[i] && given[i] != row[i] && epoch[j] == epoch[i] && VER(row[j]) >= VER(row[i]) ->
          given[i] = row[i]
       :: else
       fi }
  /* The one fault: a death, or somebody is held for dead. Or none: the leader hands over. */
  :: atomic { faults > 0 && proposed == 0 -> faults--; any(i); alive[i] = false }
  :: atomic { proposed == 0 && last_epoch < EPOCHS && rows < ROWS ->
       any(i); out_of_it = 0; yields = false;
       if
       :: alive[i] && epoch[i] == last_epoch ->
          if
          :: IS_LEADER(i) -> skip
          :: !IS_LEADER(i) && !alive[leader[epoch[i]]] -> skip
          :: !IS_LEADER(i) && alive[leader[epoch[i]]] && faults > 0 -> faults--; out_of_it = BIT(leader[epoch[i]])
          :: !IS_LEADER(i) && alive[leader[epoch[i]]] -> yields = true
          fi;
          if
          :: faults > 0 && out_of_it == 0 -> faults--; any(j);
             if
             :: j != i -> out_of_it = BIT(j)
             :: else
             fi
          :: true
          fi;
          proposed = last_epoch + 1; by = i; promised[i] = proposed; told[i] = row[i]; has_told = BIT(i)
       :: else
       fi }
  :: atomic { proposed != 0 -> any(i);
       if
       :: alive[i] && i != by && !IN(i, has_told) && promised[i] < proposed &&
          (!IN(i, out_of_it) || leader[epoch[i]] != i) ->
          /* Who is held for dead may have promised; the proposer does not wait for it. */
          promised[i] = proposed; told[i] = row[i]; has_told = has_told | BIT(i)
       :: else
       fi }
  :: atomic { proposed != 0 && (alive[0] -> IN(0, has_told | out_of_it) : true) &&
              (alive[1] -> IN(1, has_told | out_of_it) : true) && (alive[2] -> IN(2, has_told | out_of_it) : true) &&
              alive[by] -> decide() }
  /* A view reaches who promised it. */
  :: atomic { any(i);
       if
       :: alive[i] && epoch[i] < last_epoch && promised[i] == last_epoch ->
          epoch[i] = last_epoch; install(i, first[last_epoch])
       :: else
       fi }
  od
}
