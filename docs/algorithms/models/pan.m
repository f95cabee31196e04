#define rand	pan_rand
#define pthread_equal(a,b)	((a)==(b))
#if defined(HAS_CODE) && defined(VERBOSE)
	#ifdef BFS_PAR
		bfs_printf("Pr: %d Tr: %d\n", II, t->forw);
	#else
		cpu_printf("Pr: %d Tr: %d\n", II, t->forw);
	#endif
#endif
	switch (t->forw) {
	default: Uerror("bad forward move");
	case 0:	/* if without executable clauses */
		continue;
	case 1: /* generic 'goto' or 'skip' */
		IfNotBlocked
		_m = 3; goto P999;
	case 2: /* generic 'else' */
		IfNotBlocked
		if (trpt->o_pm&1) continue;
		_m = 3; goto P999;

		 /* PROC world */
	case 3: // STATE 1 - rows.pml:123 - [i = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][1] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 4: // STATE 2 - rows.pml:123 - [((i<=2))] (9:0:4 - 1)
		IfNotBlocked
		reached[0][2] = 1;
		if (!((((int)now.i)<=2)))
			continue;
		/* merge: alive[i] = 1(9, 3, 9) */
		reached[0][3] = 1;
		(trpt+1)->bup.ovals = grab_ints(4);
		(trpt+1)->bup.ovals[0] = ((int)now.alive[ Index(((int)now.i), 3) ]);
		now.alive[ Index(now.i, 3) ] = 1;
#ifdef VAR_RANGES
		logval("alive[i]", ((int)now.alive[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: epoch[i] = 1(9, 4, 9) */
		reached[0][4] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.epoch[ Index(((int)now.i), 3) ]);
		now.epoch[ Index(now.i, 3) ] = 1;
#ifdef VAR_RANGES
		logval("epoch[i]", ((int)now.epoch[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: promised[i] = 1(9, 5, 9) */
		reached[0][5] = 1;
		(trpt+1)->bup.ovals[2] = ((int)now.promised[ Index(((int)now.i), 3) ]);
		now.promised[ Index(now.i, 3) ] = 1;
#ifdef VAR_RANGES
		logval("promised[i]", ((int)now.promised[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: i = (i+1)(9, 6, 9) */
		reached[0][6] = 1;
		(trpt+1)->bup.ovals[3] = ((int)now.i);
		now.i = (((int)now.i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		/* merge: .(goto)(0, 10, 9) */
		reached[0][10] = 1;
		;
		_m = 3; goto P999; /* 5 */
	case 5: // STATE 12 - rows.pml:124 - [leader[1] = 0] (0:18:2 - 3)
		IfNotBlocked
		reached[0][12] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.leader[1]);
		now.leader[1] = 0;
#ifdef VAR_RANGES
		logval("leader[1]", ((int)now.leader[1]));
#endif
		;
		/* merge: r[0].epoch = 1(18, 13, 18) */
		reached[0][13] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.r[0].epoch);
		now.r[0].epoch = 1;
#ifdef VAR_RANGES
		logval("r[0].epoch", ((int)now.r[0].epoch));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 6: // STATE 14 - rows.pml:126 - [r[0].primary = 0] (0:344:2 - 1)
		IfNotBlocked
		reached[0][14] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.r[0].primary);
		now.r[0].primary = 0;
#ifdef VAR_RANGES
		logval("r[0].primary", ((int)now.r[0].primary));
#endif
		;
		/* merge: r[0].sync = 3(344, 15, 344) */
		reached[0][15] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.r[0].sync);
		now.r[0].sync = 3;
#ifdef VAR_RANGES
		logval("r[0].sync", ((int)now.r[0].sync));
#endif
		;
		/* merge: .(goto)(344, 19, 344) */
		reached[0][19] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 7: // STATE 19 - rows.pml:129 - [.(goto)] (0:344:0 - 2)
		IfNotBlocked
		reached[0][19] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 8: // STATE 16 - rows.pml:127 - [r[0].primary = 1] (0:344:2 - 1)
		IfNotBlocked
		reached[0][16] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.r[0].primary);
		now.r[0].primary = 1;
#ifdef VAR_RANGES
		logval("r[0].primary", ((int)now.r[0].primary));
#endif
		;
		/* merge: r[0].sync = 6(344, 17, 344) */
		reached[0][17] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.r[0].sync);
		now.r[0].sync = 6;
#ifdef VAR_RANGES
		logval("r[0].sync", ((int)now.r[0].sync));
#endif
		;
		/* merge: .(goto)(344, 19, 344) */
		reached[0][19] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 9: // STATE 21 - rows.pml:132 - [((writes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][21] = 1;
		if (!((((int)now.writes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 10: // STATE 22 - rows.pml:84 - [i = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][22] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 11: // STATE 23 - rows.pml:84 - [((i<2))] (26:0:1 - 1)
		IfNotBlocked
		reached[0][23] = 1;
		if (!((((int)now.i)<2)))
			continue;
		/* merge: i = (i+1)(0, 24, 26) */
		reached[0][24] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = (((int)now.i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		/* merge: .(goto)(0, 27, 26) */
		reached[0][27] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 12: // STATE 30 - rows.pml:135 - [((alive[i]&&(r[given[i]].primary==i)))] (344:0:2 - 1)
		IfNotBlocked
		reached[0][30] = 1;
		if (!((((int)now.alive[ Index(((int)now.i), 3) ])&&(((int)now.r[ Index(((int)now.given[ Index(((int)now.i), 3) ]), 6) ].primary)==((int)now.i)))))
			continue;
		/* merge: has[i] = (has[i]|(1<<writes))(344, 31, 344) */
		reached[0][31] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.has[ Index(((int)now.i), 3) ]);
		now.has[ Index(now.i, 3) ] = (((int)now.has[ Index(((int)now.i), 3) ])|(1<<((int)now.writes)));
#ifdef VAR_RANGES
		logval("has[i]", ((int)now.has[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: writes = (writes+1)(344, 32, 344) */
		reached[0][32] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.writes);
		now.writes = (((int)now.writes)+1);
#ifdef VAR_RANGES
		logval("writes", ((int)now.writes));
#endif
		;
		/* merge: .(goto)(344, 35, 344) */
		reached[0][35] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 4 */
	case 13: // STATE 35 - rows.pml:137 - [.(goto)] (0:344:0 - 2)
		IfNotBlocked
		reached[0][35] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 14: // STATE 37 - rows.pml:84 - [i = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][37] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 15: // STATE 38 - rows.pml:84 - [((i<2))] (41:0:1 - 1)
		IfNotBlocked
		reached[0][38] = 1;
		if (!((((int)now.i)<2)))
			continue;
		/* merge: i = (i+1)(0, 39, 41) */
		reached[0][39] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = (((int)now.i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		/* merge: .(goto)(0, 42, 41) */
		reached[0][42] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 16: // STATE 45 - rows.pml:84 - [j = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][45] = 1;
		(trpt+1)->bup.oval = ((int)now.j);
		now.j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 17: // STATE 46 - rows.pml:84 - [((j<2))] (49:0:1 - 1)
		IfNotBlocked
		reached[0][46] = 1;
		if (!((((int)now.j)<2)))
			continue;
		/* merge: j = (j+1)(0, 47, 49) */
		reached[0][47] = 1;
		(trpt+1)->bup.oval = ((int)now.j);
		now.j = (((int)now.j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 50, 49) */
		reached[0][50] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 18: // STATE 53 - rows.pml:141 - [(((((((i!=j)&&alive[i])&&alive[j])&&(r[given[i]].primary==i))&&((r[given[i]].sync>>j)&1))&&((((r[row[j]].epoch*8)+r[row[j]].n)<=((r[given[i]].epoch*8)+r[given[i]].n))||((r[row[j]].primary==i)&&((r[row[j]].sync>>j)&1)))))] (344:0:1 - 1)
		IfNotBlocked
		reached[0][53] = 1;
		if (!(((((((((int)now.i)!=((int)now.j))&&((int)now.alive[ Index(((int)now.i), 3) ]))&&((int)now.alive[ Index(((int)now.j), 3) ]))&&(((int)now.r[ Index(((int)now.given[ Index(((int)now.i), 3) ]), 6) ].primary)==((int)now.i)))&&((((int)now.r[ Index(((int)now.given[ Index(((int)now.i), 3) ]), 6) ].sync)>>((int)now.j))&1))&&((((((int)now.r[ Index(((int)now.row[ Index(((int)now.j), 3) ]), 6) ].epoch)*8)+((int)now.r[ Index(((int)now.row[ Index(((int)now.j), 3) ]), 6) ].n))<=((((int)now.r[ Index(((int)now.given[ Index(((int)now.i), 3) ]), 6) ].epoch)*8)+((int)now.r[ Index(((int)now.given[ Index(((int)now.i), 3) ]), 6) ].n)))||((((int)now.r[ Index(((int)now.row[ Index(((int)now.j), 3) ]), 6) ].primary)==((int)now.i))&&((((int)now.r[ Index(((int)now.row[ Index(((int)now.j), 3) ]), 6) ].sync)>>((int)now.j))&1))))))
			continue;
		/* merge: has[j] = (has[j]|has[i])(344, 54, 344) */
		reached[0][54] = 1;
		(trpt+1)->bup.oval = ((int)now.has[ Index(((int)now.j), 3) ]);
		now.has[ Index(now.j, 3) ] = (((int)now.has[ Index(((int)now.j), 3) ])|((int)now.has[ Index(((int)now.i), 3) ]));
#ifdef VAR_RANGES
		logval("has[j]", ((int)now.has[ Index(((int)now.j), 3) ]));
#endif
		;
		/* merge: .(goto)(344, 57, 344) */
		reached[0][57] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 19: // STATE 57 - rows.pml:144 - [.(goto)] (0:344:0 - 2)
		IfNotBlocked
		reached[0][57] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 20: // STATE 59 - rows.pml:84 - [i = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][59] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 21: // STATE 60 - rows.pml:84 - [((i<2))] (63:0:1 - 1)
		IfNotBlocked
		reached[0][60] = 1;
		if (!((((int)now.i)<2)))
			continue;
		/* merge: i = (i+1)(0, 61, 63) */
		reached[0][61] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = (((int)now.i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		/* merge: .(goto)(0, 64, 63) */
		reached[0][64] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 22: // STATE 67 - rows.pml:148 - [((alive[i]&&(r[given[i]].primary==i)))] (79:0:2 - 1)
		IfNotBlocked
		reached[0][67] = 1;
		if (!((((int)now.alive[ Index(((int)now.i), 3) ])&&(((int)now.r[ Index(((int)now.given[ Index(((int)now.i), 3) ]), 6) ].primary)==((int)now.i)))))
			continue;
		/* merge: k = has[i](79, 68, 79) */
		reached[0][68] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.k);
		now.k = ((int)now.has[ Index(((int)now.i), 3) ]);
#ifdef VAR_RANGES
		logval("k", ((int)now.k));
#endif
		;
		/* merge: j = 0(79, 69, 79) */
		reached[0][69] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.j);
		now.j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 80, 79) */
		reached[0][80] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 23: // STATE 70 - rows.pml:150 - [((j<=2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][70] = 1;
		if (!((((int)now.j)<=2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 24: // STATE 71 - rows.pml:152 - [(((r[given[i]].sync>>j)&1))] (79:0:2 - 1)
		IfNotBlocked
		reached[0][71] = 1;
		if (!(((((int)now.r[ Index(((int)now.given[ Index(((int)now.i), 3) ]), 6) ].sync)>>((int)now.j))&1)))
			continue;
		/* merge: k = (k&has[j])(79, 72, 79) */
		reached[0][72] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.k);
		now.k = (((int)now.k)&((int)now.has[ Index(((int)now.j), 3) ]));
#ifdef VAR_RANGES
		logval("k", ((int)now.k));
#endif
		;
		/* merge: .(goto)(79, 75, 79) */
		reached[0][75] = 1;
		;
		/* merge: j = (j+1)(79, 76, 79) */
		reached[0][76] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.j);
		now.j = (((int)now.j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 80, 79) */
		reached[0][80] = 1;
		;
		_m = 3; goto P999; /* 4 */
	case 25: // STATE 76 - rows.pml:150 - [j = (j+1)] (0:79:1 - 3)
		IfNotBlocked
		reached[0][76] = 1;
		(trpt+1)->bup.oval = ((int)now.j);
		now.j = (((int)now.j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 80, 79) */
		reached[0][80] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 26: // STATE 82 - rows.pml:156 - [acked = (acked|k)] (0:344:1 - 3)
		IfNotBlocked
		reached[0][82] = 1;
		(trpt+1)->bup.oval = ((int)now.acked);
		now.acked = (((int)now.acked)|((int)now.k));
#ifdef VAR_RANGES
		logval("acked", ((int)now.acked));
#endif
		;
		/* merge: assert((((stale||(last_epoch==epoch[i]))||((has[r[first[last_epoch]].primary]&k)==k))||(r[first[last_epoch]].primary==i)))(344, 83, 344) */
		reached[0][83] = 1;
		spin_assert((((((int)now.stale)||(((int)now.last_epoch)==((int)now.epoch[ Index(((int)now.i), 3) ])))||((((int)now.has[ Index(((int)now.r[ Index(((int)now.first[ Index(((int)now.last_epoch), 4) ]), 6) ].primary), 3) ])&((int)now.k))==((int)now.k)))||(((int)now.r[ Index(((int)now.first[ Index(((int)now.last_epoch), 4) ]), 6) ].primary)==((int)now.i))), "(((stale||(last_epoch==epoch[i]))||((has[r[first[last_epoch]].primary]&k)==k))||(r[first[last_epoch]].primary==i))", II, tt, t);
		/* merge: .(goto)(344, 86, 344) */
		reached[0][86] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 27: // STATE 86 - rows.pml:160 - [.(goto)] (0:344:0 - 2)
		IfNotBlocked
		reached[0][86] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 28: // STATE 88 - rows.pml:162 - [((rows<(6-3)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][88] = 1;
		if (!((((int)now.rows)<(6-3))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 29: // STATE 89 - rows.pml:84 - [i = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][89] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 30: // STATE 90 - rows.pml:84 - [((i<2))] (93:0:1 - 1)
		IfNotBlocked
		reached[0][90] = 1;
		if (!((((int)now.i)<2)))
			continue;
		/* merge: i = (i+1)(0, 91, 93) */
		reached[0][91] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = (((int)now.i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		/* merge: .(goto)(0, 94, 93) */
		reached[0][94] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 31: // STATE 97 - rows.pml:84 - [j = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][97] = 1;
		(trpt+1)->bup.oval = ((int)now.j);
		now.j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 32: // STATE 98 - rows.pml:84 - [((j<2))] (101:0:1 - 1)
		IfNotBlocked
		reached[0][98] = 1;
		if (!((((int)now.j)<2)))
			continue;
		/* merge: j = (j+1)(0, 99, 101) */
		reached[0][99] = 1;
		(trpt+1)->bup.oval = ((int)now.j);
		now.j = (((int)now.j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 102, 101) */
		reached[0][102] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 33: // STATE 105 - rows.pml:166 - [(((((((alive[i]&&(r[row[i]].primary==i))&&(i!=j))&&((r[row[i]].sync>>j)&1))&&(((alive[leader[epoch[i]]]&&(leader[epoch[leader[epoch[i]]]]==leader[epoch[i]]))&&(promised[leader[epoch[i]]]==epoch[leader[epoch[i]]]))&&!(((proposed!=0)&&(by==leader[epoch[i]])))))&&(epoch[leader[epoch[i]]]==epoch[i]))&&(row[leader[epoch[i]]]==row[i])))] (119:0:6 - 1)
		IfNotBlocked
		reached[0][105] = 1;
		if (!(((((((((int)now.alive[ Index(((int)now.i), 3) ])&&(((int)now.r[ Index(((int)now.row[ Index(((int)now.i), 3) ]), 6) ].primary)==((int)now.i)))&&(((int)now.i)!=((int)now.j)))&&((((int)now.r[ Index(((int)now.row[ Index(((int)now.i), 3) ]), 6) ].sync)>>((int)now.j))&1))&&(((((int)now.alive[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ])&&(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ]), 4) ])==((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ])))&&(((int)now.promised[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ])==((int)now.epoch[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ])))&& !(((((int)now.proposed)!=0)&&(((int)now.by)==((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]))))))&&(((int)now.epoch[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ])==((int)now.epoch[ Index(((int)now.i), 3) ])))&&(((int)now.row[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ])==((int)now.row[ Index(((int)now.i), 3) ])))))
			continue;
		/* merge: k = rows(119, 106, 119) */
		reached[0][106] = 1;
		(trpt+1)->bup.ovals = grab_ints(6);
		(trpt+1)->bup.ovals[0] = ((int)now.k);
		now.k = ((int)now.rows);
#ifdef VAR_RANGES
		logval("k", ((int)now.k));
#endif
		;
		/* merge: rows = (rows+1)(119, 107, 119) */
		reached[0][107] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.rows);
		now.rows = (((int)now.rows)+1);
#ifdef VAR_RANGES
		logval("rows", ((int)now.rows));
#endif
		;
		/* merge: r[k].epoch = epoch[i](119, 108, 119) */
		reached[0][108] = 1;
		(trpt+1)->bup.ovals[2] = ((int)now.r[ Index(((int)now.k), 6) ].epoch);
		now.r[ Index(now.k, 6) ].epoch = ((int)now.epoch[ Index(((int)now.i), 3) ]);
#ifdef VAR_RANGES
		logval("r[k].epoch", ((int)now.r[ Index(((int)now.k), 6) ].epoch));
#endif
		;
		/* merge: r[k].n = (r[row[i]].n+1)(119, 109, 119) */
		reached[0][109] = 1;
		(trpt+1)->bup.ovals[3] = ((int)now.r[ Index(((int)now.k), 6) ].n);
		now.r[ Index(now.k, 6) ].n = (((int)now.r[ Index(((int)now.row[ Index(((int)now.i), 3) ]), 6) ].n)+1);
#ifdef VAR_RANGES
		logval("r[k].n", ((int)now.r[ Index(((int)now.k), 6) ].n));
#endif
		;
		/* merge: r[k].primary = i(119, 110, 119) */
		reached[0][110] = 1;
		(trpt+1)->bup.ovals[4] = ((int)now.r[ Index(((int)now.k), 6) ].primary);
		now.r[ Index(now.k, 6) ].primary = ((int)now.i);
#ifdef VAR_RANGES
		logval("r[k].primary", ((int)now.r[ Index(((int)now.k), 6) ].primary));
#endif
		;
		/* merge: r[k].sync = (r[row[i]].sync&~((1<<j)))(119, 111, 119) */
		reached[0][111] = 1;
		(trpt+1)->bup.ovals[5] = ((int)now.r[ Index(((int)now.k), 6) ].sync);
		now.r[ Index(now.k, 6) ].sync = (((int)now.r[ Index(((int)now.row[ Index(((int)now.i), 3) ]), 6) ].sync)& ~((1<<((int)now.j))));
#ifdef VAR_RANGES
		logval("r[k].sync", ((int)now.r[ Index(((int)now.k), 6) ].sync));
#endif
		;
		_m = 3; goto P999; /* 6 */
	case 34: // STATE 112 - rows.pml:79 - [((((leader[epoch[leader[epoch[i]]]]==leader[epoch[i]])&&(r[k].primary==leader[epoch[i]]))&&((r[given[leader[epoch[i]]]].sync&~(r[k].sync))!=0)))] (344:0:1 - 1)
		IfNotBlocked
		reached[0][112] = 1;
		if (!((((((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ]), 4) ])==((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]))&&(((int)now.r[ Index(((int)now.k), 6) ].primary)==((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ])))&&((((int)now.r[ Index(((int)now.given[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ]), 6) ].sync)& ~(((int)now.r[ Index(((int)now.k), 6) ].sync)))!=0))))
			continue;
		/* merge: row[leader[epoch[i]]] = k(344, 113, 344) */
		reached[0][113] = 1;
		(trpt+1)->bup.oval = ((int)now.row[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ]);
		now.row[ Index(now.leader[ Index(now.epoch[ Index(now.i, 3) ], 4) ], 3) ] = ((int)now.k);
#ifdef VAR_RANGES
		logval("row[leader[epoch[i]]]", ((int)now.row[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ]));
#endif
		;
		/* merge: .(goto)(344, 118, 344) */
		reached[0][118] = 1;
		;
		/* merge: .(goto)(344, 122, 344) */
		reached[0][122] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 4 */
	case 35: // STATE 118 - rows.pml:82 - [.(goto)] (0:344:0 - 2)
		IfNotBlocked
		reached[0][118] = 1;
		;
		/* merge: .(goto)(344, 122, 344) */
		reached[0][122] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 36: // STATE 115 - rows.pml:80 - [row[leader[epoch[i]]] = k] (0:344:2 - 1)
		IfNotBlocked
		reached[0][115] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.row[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ]);
		now.row[ Index(now.leader[ Index(now.epoch[ Index(now.i, 3) ], 4) ], 3) ] = ((int)now.k);
#ifdef VAR_RANGES
		logval("row[leader[epoch[i]]]", ((int)now.row[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ]));
#endif
		;
		/* merge: given[leader[epoch[i]]] = k(344, 116, 344) */
		reached[0][116] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.given[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ]);
		now.given[ Index(now.leader[ Index(now.epoch[ Index(now.i, 3) ], 4) ], 3) ] = ((int)now.k);
#ifdef VAR_RANGES
		logval("given[leader[epoch[i]]]", ((int)now.given[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ]));
#endif
		;
		/* merge: .(goto)(344, 118, 344) */
		reached[0][118] = 1;
		;
		/* merge: .(goto)(344, 122, 344) */
		reached[0][122] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 4 */
	case 37: // STATE 122 - rows.pml:171 - [.(goto)] (0:344:0 - 2)
		IfNotBlocked
		reached[0][122] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 38: // STATE 124 - rows.pml:84 - [i = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][124] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 39: // STATE 127 - rows.pml:84 - [goto :b9] (0:136:1 - 1)
		IfNotBlocked
		reached[0][127] = 1;
		;
		/* merge: k = 0(136, 132, 136) */
		reached[0][132] = 1;
		(trpt+1)->bup.oval = ((int)now.k);
		now.k = 0;
#ifdef VAR_RANGES
		logval("k", ((int)now.k));
#endif
		;
		/* merge: .(goto)(0, 137, 136) */
		reached[0][137] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 40: // STATE 125 - rows.pml:84 - [((i<2))] (128:0:1 - 1)
		IfNotBlocked
		reached[0][125] = 1;
		if (!((((int)now.i)<2)))
			continue;
		/* merge: i = (i+1)(0, 126, 128) */
		reached[0][126] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = (((int)now.i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		/* merge: .(goto)(0, 129, 128) */
		reached[0][129] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 41: // STATE 132 - rows.pml:173 - [k = 0] (0:136:1 - 2)
		IfNotBlocked
		reached[0][132] = 1;
		(trpt+1)->bup.oval = ((int)now.k);
		now.k = 0;
#ifdef VAR_RANGES
		logval("k", ((int)now.k));
#endif
		;
		/* merge: .(goto)(0, 137, 136) */
		reached[0][137] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 42: // STATE 133 - rows.pml:175 - [(((k+1)<rows))] (136:0:1 - 1)
		IfNotBlocked
		reached[0][133] = 1;
		if (!(((((int)now.k)+1)<((int)now.rows))))
			continue;
		/* merge: k = (k+1)(0, 134, 136) */
		reached[0][134] = 1;
		(trpt+1)->bup.oval = ((int)now.k);
		now.k = (((int)now.k)+1);
#ifdef VAR_RANGES
		logval("k", ((int)now.k));
#endif
		;
		/* merge: .(goto)(0, 137, 136) */
		reached[0][137] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 43: // STATE 139 - rows.pml:179 - [((((alive[i]&&(promised[i]==epoch[i]))&&(r[k].epoch==epoch[i]))&&(((r[k].epoch*8)+r[k].n)>((r[row[i]].epoch*8)+r[row[i]].n))))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][139] = 1;
		if (!((((((int)now.alive[ Index(((int)now.i), 3) ])&&(((int)now.promised[ Index(((int)now.i), 3) ])==((int)now.epoch[ Index(((int)now.i), 3) ])))&&(((int)now.r[ Index(((int)now.k), 6) ].epoch)==((int)now.epoch[ Index(((int)now.i), 3) ])))&&(((((int)now.r[ Index(((int)now.k), 6) ].epoch)*8)+((int)now.r[ Index(((int)now.k), 6) ].n))>((((int)now.r[ Index(((int)now.row[ Index(((int)now.i), 3) ]), 6) ].epoch)*8)+((int)now.r[ Index(((int)now.row[ Index(((int)now.i), 3) ]), 6) ].n))))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 44: // STATE 140 - rows.pml:79 - [((((leader[epoch[i]]==i)&&(r[k].primary==i))&&((r[given[i]].sync&~(r[k].sync))!=0)))] (344:0:1 - 1)
		IfNotBlocked
		reached[0][140] = 1;
		if (!((((((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ])==((int)now.i))&&(((int)now.r[ Index(((int)now.k), 6) ].primary)==((int)now.i)))&&((((int)now.r[ Index(((int)now.given[ Index(((int)now.i), 3) ]), 6) ].sync)& ~(((int)now.r[ Index(((int)now.k), 6) ].sync)))!=0))))
			continue;
		/* merge: row[i] = k(344, 141, 344) */
		reached[0][141] = 1;
		(trpt+1)->bup.oval = ((int)now.row[ Index(((int)now.i), 3) ]);
		now.row[ Index(now.i, 3) ] = ((int)now.k);
#ifdef VAR_RANGES
		logval("row[i]", ((int)now.row[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: .(goto)(344, 146, 344) */
		reached[0][146] = 1;
		;
		/* merge: .(goto)(344, 150, 344) */
		reached[0][150] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 4 */
	case 45: // STATE 146 - rows.pml:82 - [.(goto)] (0:344:0 - 2)
		IfNotBlocked
		reached[0][146] = 1;
		;
		/* merge: .(goto)(344, 150, 344) */
		reached[0][150] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 46: // STATE 143 - rows.pml:80 - [row[i] = k] (0:344:2 - 1)
		IfNotBlocked
		reached[0][143] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.row[ Index(((int)now.i), 3) ]);
		now.row[ Index(now.i, 3) ] = ((int)now.k);
#ifdef VAR_RANGES
		logval("row[i]", ((int)now.row[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: given[i] = k(344, 144, 344) */
		reached[0][144] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.given[ Index(((int)now.i), 3) ]);
		now.given[ Index(now.i, 3) ] = ((int)now.k);
#ifdef VAR_RANGES
		logval("given[i]", ((int)now.given[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: .(goto)(344, 146, 344) */
		reached[0][146] = 1;
		;
		/* merge: .(goto)(344, 150, 344) */
		reached[0][150] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 4 */
	case 47: // STATE 150 - rows.pml:181 - [.(goto)] (0:344:0 - 2)
		IfNotBlocked
		reached[0][150] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 48: // STATE 152 - rows.pml:84 - [i = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][152] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 49: // STATE 153 - rows.pml:84 - [((i<2))] (156:0:1 - 1)
		IfNotBlocked
		reached[0][153] = 1;
		if (!((((int)now.i)<2)))
			continue;
		/* merge: i = (i+1)(0, 154, 156) */
		reached[0][154] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = (((int)now.i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		/* merge: .(goto)(0, 157, 156) */
		reached[0][157] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 50: // STATE 160 - rows.pml:84 - [j = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][160] = 1;
		(trpt+1)->bup.oval = ((int)now.j);
		now.j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 51: // STATE 161 - rows.pml:84 - [((j<2))] (164:0:1 - 1)
		IfNotBlocked
		reached[0][161] = 1;
		if (!((((int)now.j)<2)))
			continue;
		/* merge: j = (j+1)(0, 162, 164) */
		reached[0][162] = 1;
		(trpt+1)->bup.oval = ((int)now.j);
		now.j = (((int)now.j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 165, 164) */
		reached[0][165] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 52: // STATE 168 - rows.pml:185 - [((((((i!=j)&&alive[i])&&(given[i]!=row[i]))&&(epoch[j]==epoch[i]))&&(((r[row[j]].epoch*8)+r[row[j]].n)>=((r[row[i]].epoch*8)+r[row[i]].n))))] (344:0:1 - 1)
		IfNotBlocked
		reached[0][168] = 1;
		if (!((((((((int)now.i)!=((int)now.j))&&((int)now.alive[ Index(((int)now.i), 3) ]))&&(((int)now.given[ Index(((int)now.i), 3) ])!=((int)now.row[ Index(((int)now.i), 3) ])))&&(((int)now.epoch[ Index(((int)now.j), 3) ])==((int)now.epoch[ Index(((int)now.i), 3) ])))&&(((((int)now.r[ Index(((int)now.row[ Index(((int)now.j), 3) ]), 6) ].epoch)*8)+((int)now.r[ Index(((int)now.row[ Index(((int)now.j), 3) ]), 6) ].n))>=((((int)now.r[ Index(((int)now.row[ Index(((int)now.i), 3) ]), 6) ].epoch)*8)+((int)now.r[ Index(((int)now.row[ Index(((int)now.i), 3) ]), 6) ].n))))))
			continue;
		/* merge: given[i] = row[i](344, 169, 344) */
		reached[0][169] = 1;
		(trpt+1)->bup.oval = ((int)now.given[ Index(((int)now.i), 3) ]);
		now.given[ Index(now.i, 3) ] = ((int)now.row[ Index(((int)now.i), 3) ]);
#ifdef VAR_RANGES
		logval("given[i]", ((int)now.given[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: .(goto)(344, 172, 344) */
		reached[0][172] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 53: // STATE 172 - rows.pml:188 - [.(goto)] (0:344:0 - 2)
		IfNotBlocked
		reached[0][172] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 54: // STATE 174 - rows.pml:190 - [(((faults>0)&&(proposed==0)))] (183:0:1 - 1)
		IfNotBlocked
		reached[0][174] = 1;
		if (!(((((int)now.faults)>0)&&(((int)now.proposed)==0))))
			continue;
		/* merge: faults = (faults-1)(0, 175, 183) */
		reached[0][175] = 1;
		(trpt+1)->bup.oval = ((int)now.faults);
		now.faults = (((int)now.faults)-1);
#ifdef VAR_RANGES
		logval("faults", ((int)now.faults));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 55: // STATE 176 - rows.pml:84 - [i = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][176] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 56: // STATE 177 - rows.pml:84 - [((i<2))] (180:0:1 - 1)
		IfNotBlocked
		reached[0][177] = 1;
		if (!((((int)now.i)<2)))
			continue;
		/* merge: i = (i+1)(0, 178, 180) */
		reached[0][178] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = (((int)now.i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		/* merge: .(goto)(0, 181, 180) */
		reached[0][181] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 57: // STATE 184 - rows.pml:190 - [alive[i] = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][184] = 1;
		(trpt+1)->bup.oval = ((int)now.alive[ Index(((int)now.i), 3) ]);
		now.alive[ Index(now.i, 3) ] = 0;
#ifdef VAR_RANGES
		logval("alive[i]", ((int)now.alive[ Index(((int)now.i), 3) ]));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 58: // STATE 186 - rows.pml:191 - [((((proposed==0)&&(last_epoch<3))&&(rows<6)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][186] = 1;
		if (!((((((int)now.proposed)==0)&&(((int)now.last_epoch)<3))&&(((int)now.rows)<6))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 59: // STATE 187 - rows.pml:84 - [i = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][187] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 60: // STATE 190 - rows.pml:84 - [goto :b14] (0:233:2 - 1)
		IfNotBlocked
		reached[0][190] = 1;
		;
		/* merge: out_of_it = 0(233, 195, 233) */
		reached[0][195] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.out_of_it);
		now.out_of_it = 0;
#ifdef VAR_RANGES
		logval("out_of_it", ((int)now.out_of_it));
#endif
		;
		/* merge: yields = 0(233, 196, 233) */
		reached[0][196] = 1;
		(trpt+1)->bup.ovals[1] = ((int)yields);
		yields = 0;
#ifdef VAR_RANGES
		logval("yields", ((int)yields));
#endif
		;
		_m = 3; goto P999; /* 2 */
	case 61: // STATE 188 - rows.pml:84 - [((i<2))] (191:0:1 - 1)
		IfNotBlocked
		reached[0][188] = 1;
		if (!((((int)now.i)<2)))
			continue;
		/* merge: i = (i+1)(0, 189, 191) */
		reached[0][189] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = (((int)now.i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		/* merge: .(goto)(0, 192, 191) */
		reached[0][192] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 62: // STATE 195 - rows.pml:192 - [out_of_it = 0] (0:233:2 - 2)
		IfNotBlocked
		reached[0][195] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.out_of_it);
		now.out_of_it = 0;
#ifdef VAR_RANGES
		logval("out_of_it", ((int)now.out_of_it));
#endif
		;
		/* merge: yields = 0(233, 196, 233) */
		reached[0][196] = 1;
		(trpt+1)->bup.ovals[1] = ((int)yields);
		yields = 0;
#ifdef VAR_RANGES
		logval("yields", ((int)yields));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 63: // STATE 197 - rows.pml:194 - [((alive[i]&&(epoch[i]==last_epoch)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][197] = 1;
		if (!((((int)now.alive[ Index(((int)now.i), 3) ])&&(((int)now.epoch[ Index(((int)now.i), 3) ])==((int)now.last_epoch)))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 64: // STATE 198 - rows.pml:196 - [((leader[epoch[i]]==i))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][198] = 1;
		if (!((((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ])==((int)now.i))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 65: // STATE 200 - rows.pml:197 - [((!((leader[epoch[i]]==i))&&!(alive[leader[epoch[i]]])))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][200] = 1;
		if (!(( !((((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ])==((int)now.i)))&& !(((int)now.alive[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ])))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 66: // STATE 202 - rows.pml:198 - [(((!((leader[epoch[i]]==i))&&alive[leader[epoch[i]]])&&(faults>0)))] (225:0:2 - 1)
		IfNotBlocked
		reached[0][202] = 1;
		if (!((( !((((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ])==((int)now.i)))&&((int)now.alive[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ]))&&(((int)now.faults)>0))))
			continue;
		/* merge: faults = (faults-1)(225, 203, 225) */
		reached[0][203] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.faults);
		now.faults = (((int)now.faults)-1);
#ifdef VAR_RANGES
		logval("faults", ((int)now.faults));
#endif
		;
		/* merge: out_of_it = (1<<leader[epoch[i]])(225, 204, 225) */
		reached[0][204] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.out_of_it);
		now.out_of_it = (1<<((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]));
#ifdef VAR_RANGES
		logval("out_of_it", ((int)now.out_of_it));
#endif
		;
		/* merge: .(goto)(0, 208, 225) */
		reached[0][208] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 67: // STATE 205 - rows.pml:199 - [((!((leader[epoch[i]]==i))&&alive[leader[epoch[i]]]))] (225:0:1 - 1)
		IfNotBlocked
		reached[0][205] = 1;
		if (!(( !((((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ])==((int)now.i)))&&((int)now.alive[ Index(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ]), 3) ]))))
			continue;
		/* merge: yields = 1(0, 206, 225) */
		reached[0][206] = 1;
		(trpt+1)->bup.oval = ((int)yields);
		yields = 1;
#ifdef VAR_RANGES
		logval("yields", ((int)yields));
#endif
		;
		/* merge: .(goto)(0, 208, 225) */
		reached[0][208] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 68: // STATE 209 - rows.pml:202 - [(((faults>0)&&(out_of_it==0)))] (218:0:1 - 1)
		IfNotBlocked
		reached[0][209] = 1;
		if (!(((((int)now.faults)>0)&&(((int)now.out_of_it)==0))))
			continue;
		/* merge: faults = (faults-1)(0, 210, 218) */
		reached[0][210] = 1;
		(trpt+1)->bup.oval = ((int)now.faults);
		now.faults = (((int)now.faults)-1);
#ifdef VAR_RANGES
		logval("faults", ((int)now.faults));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 69: // STATE 211 - rows.pml:84 - [j = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][211] = 1;
		(trpt+1)->bup.oval = ((int)now.j);
		now.j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 70: // STATE 212 - rows.pml:84 - [((j<2))] (215:0:1 - 1)
		IfNotBlocked
		reached[0][212] = 1;
		if (!((((int)now.j)<2)))
			continue;
		/* merge: j = (j+1)(0, 213, 215) */
		reached[0][213] = 1;
		(trpt+1)->bup.oval = ((int)now.j);
		now.j = (((int)now.j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 216, 215) */
		reached[0][216] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 71: // STATE 219 - rows.pml:204 - [((j!=i))] (344:0:6 - 1)
		IfNotBlocked
		reached[0][219] = 1;
		if (!((((int)now.j)!=((int)now.i))))
			continue;
		/* merge: out_of_it = (1<<j)(344, 220, 344) */
		reached[0][220] = 1;
		(trpt+1)->bup.ovals = grab_ints(6);
		(trpt+1)->bup.ovals[0] = ((int)now.out_of_it);
		now.out_of_it = (1<<((int)now.j));
#ifdef VAR_RANGES
		logval("out_of_it", ((int)now.out_of_it));
#endif
		;
		/* merge: .(goto)(344, 223, 344) */
		reached[0][223] = 1;
		;
		/* merge: .(goto)(344, 226, 344) */
		reached[0][226] = 1;
		;
		/* merge: proposed = (last_epoch+1)(344, 227, 344) */
		reached[0][227] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.proposed);
		now.proposed = (((int)now.last_epoch)+1);
#ifdef VAR_RANGES
		logval("proposed", ((int)now.proposed));
#endif
		;
		/* merge: by = i(344, 228, 344) */
		reached[0][228] = 1;
		(trpt+1)->bup.ovals[2] = ((int)now.by);
		now.by = ((int)now.i);
#ifdef VAR_RANGES
		logval("by", ((int)now.by));
#endif
		;
		/* merge: promised[i] = proposed(344, 229, 344) */
		reached[0][229] = 1;
		(trpt+1)->bup.ovals[3] = ((int)now.promised[ Index(((int)now.i), 3) ]);
		now.promised[ Index(now.i, 3) ] = ((int)now.proposed);
#ifdef VAR_RANGES
		logval("promised[i]", ((int)now.promised[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: told[i] = row[i](344, 230, 344) */
		reached[0][230] = 1;
		(trpt+1)->bup.ovals[4] = ((int)now.told[ Index(((int)now.i), 3) ]);
		now.told[ Index(now.i, 3) ] = ((int)now.row[ Index(((int)now.i), 3) ]);
#ifdef VAR_RANGES
		logval("told[i]", ((int)now.told[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: has_told = (1<<i)(344, 231, 344) */
		reached[0][231] = 1;
		(trpt+1)->bup.ovals[5] = ((int)now.has_told);
		now.has_told = (1<<((int)now.i));
#ifdef VAR_RANGES
		logval("has_told", ((int)now.has_told));
#endif
		;
		/* merge: .(goto)(344, 234, 344) */
		reached[0][234] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 10 */
	case 72: // STATE 224 - rows.pml:207 - [(1)] (344:0:5 - 1)
		IfNotBlocked
		reached[0][224] = 1;
		if (!(1))
			continue;
		/* merge: .(goto)(344, 226, 344) */
		reached[0][226] = 1;
		;
		/* merge: proposed = (last_epoch+1)(344, 227, 344) */
		reached[0][227] = 1;
		(trpt+1)->bup.ovals = grab_ints(5);
		(trpt+1)->bup.ovals[0] = ((int)now.proposed);
		now.proposed = (((int)now.last_epoch)+1);
#ifdef VAR_RANGES
		logval("proposed", ((int)now.proposed));
#endif
		;
		/* merge: by = i(344, 228, 344) */
		reached[0][228] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.by);
		now.by = ((int)now.i);
#ifdef VAR_RANGES
		logval("by", ((int)now.by));
#endif
		;
		/* merge: promised[i] = proposed(344, 229, 344) */
		reached[0][229] = 1;
		(trpt+1)->bup.ovals[2] = ((int)now.promised[ Index(((int)now.i), 3) ]);
		now.promised[ Index(now.i, 3) ] = ((int)now.proposed);
#ifdef VAR_RANGES
		logval("promised[i]", ((int)now.promised[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: told[i] = row[i](344, 230, 344) */
		reached[0][230] = 1;
		(trpt+1)->bup.ovals[3] = ((int)now.told[ Index(((int)now.i), 3) ]);
		now.told[ Index(now.i, 3) ] = ((int)now.row[ Index(((int)now.i), 3) ]);
#ifdef VAR_RANGES
		logval("told[i]", ((int)now.told[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: has_told = (1<<i)(344, 231, 344) */
		reached[0][231] = 1;
		(trpt+1)->bup.ovals[4] = ((int)now.has_told);
		now.has_told = (1<<((int)now.i));
#ifdef VAR_RANGES
		logval("has_told", ((int)now.has_told));
#endif
		;
		/* merge: .(goto)(344, 234, 344) */
		reached[0][234] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 8 */
	case 73: // STATE 227 - rows.pml:209 - [proposed = (last_epoch+1)] (0:344:5 - 5)
		IfNotBlocked
		reached[0][227] = 1;
		(trpt+1)->bup.ovals = grab_ints(5);
		(trpt+1)->bup.ovals[0] = ((int)now.proposed);
		now.proposed = (((int)now.last_epoch)+1);
#ifdef VAR_RANGES
		logval("proposed", ((int)now.proposed));
#endif
		;
		/* merge: by = i(344, 228, 344) */
		reached[0][228] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.by);
		now.by = ((int)now.i);
#ifdef VAR_RANGES
		logval("by", ((int)now.by));
#endif
		;
		/* merge: promised[i] = proposed(344, 229, 344) */
		reached[0][229] = 1;
		(trpt+1)->bup.ovals[2] = ((int)now.promised[ Index(((int)now.i), 3) ]);
		now.promised[ Index(now.i, 3) ] = ((int)now.proposed);
#ifdef VAR_RANGES
		logval("promised[i]", ((int)now.promised[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: told[i] = row[i](344, 230, 344) */
		reached[0][230] = 1;
		(trpt+1)->bup.ovals[3] = ((int)now.told[ Index(((int)now.i), 3) ]);
		now.told[ Index(now.i, 3) ] = ((int)now.row[ Index(((int)now.i), 3) ]);
#ifdef VAR_RANGES
		logval("told[i]", ((int)now.told[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: has_told = (1<<i)(344, 231, 344) */
		reached[0][231] = 1;
		(trpt+1)->bup.ovals[4] = ((int)now.has_told);
		now.has_told = (1<<((int)now.i));
#ifdef VAR_RANGES
		logval("has_told", ((int)now.has_told));
#endif
		;
		/* merge: .(goto)(344, 234, 344) */
		reached[0][234] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 6 */
	case 74: // STATE 234 - rows.pml:211 - [.(goto)] (0:344:0 - 2)
		IfNotBlocked
		reached[0][234] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 75: // STATE 236 - rows.pml:212 - [((proposed!=0))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][236] = 1;
		if (!((((int)now.proposed)!=0)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 76: // STATE 237 - rows.pml:84 - [i = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][237] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 77: // STATE 238 - rows.pml:84 - [((i<2))] (241:0:1 - 1)
		IfNotBlocked
		reached[0][238] = 1;
		if (!((((int)now.i)<2)))
			continue;
		/* merge: i = (i+1)(0, 239, 241) */
		reached[0][239] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = (((int)now.i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		/* merge: .(goto)(0, 242, 241) */
		reached[0][242] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 78: // STATE 245 - rows.pml:215 - [(((((alive[i]&&(i!=by))&&!(((has_told>>i)&1)))&&(promised[i]<proposed))&&(!(((out_of_it>>i)&1))||(leader[epoch[i]]!=i))))] (344:0:3 - 1)
		IfNotBlocked
		reached[0][245] = 1;
		if (!(((((((int)now.alive[ Index(((int)now.i), 3) ])&&(((int)now.i)!=((int)now.by)))&& !(((((int)now.has_told)>>((int)now.i))&1)))&&(((int)now.promised[ Index(((int)now.i), 3) ])<((int)now.proposed)))&&( !(((((int)now.out_of_it)>>((int)now.i))&1))||(((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ])!=((int)now.i))))))
			continue;
		/* merge: promised[i] = proposed(344, 246, 344) */
		reached[0][246] = 1;
		(trpt+1)->bup.ovals = grab_ints(3);
		(trpt+1)->bup.ovals[0] = ((int)now.promised[ Index(((int)now.i), 3) ]);
		now.promised[ Index(now.i, 3) ] = ((int)now.proposed);
#ifdef VAR_RANGES
		logval("promised[i]", ((int)now.promised[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: told[i] = row[i](344, 247, 344) */
		reached[0][247] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.told[ Index(((int)now.i), 3) ]);
		now.told[ Index(now.i, 3) ] = ((int)now.row[ Index(((int)now.i), 3) ]);
#ifdef VAR_RANGES
		logval("told[i]", ((int)now.told[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: has_told = (has_told|(1<<i))(344, 248, 344) */
		reached[0][248] = 1;
		(trpt+1)->bup.ovals[2] = ((int)now.has_told);
		now.has_told = (((int)now.has_told)|(1<<((int)now.i)));
#ifdef VAR_RANGES
		logval("has_told", ((int)now.has_told));
#endif
		;
		/* merge: .(goto)(344, 251, 344) */
		reached[0][251] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 5 */
	case 79: // STATE 251 - rows.pml:219 - [.(goto)] (0:344:0 - 2)
		IfNotBlocked
		reached[0][251] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 80: // STATE 253 - rows.pml:222 - [((((((proposed!=0)&&( (alive[0]) -> ((((has_told|out_of_it)>>0)&1)) : (1) ))&&( (alive[1]) -> ((((has_told|out_of_it)>>1)&1)) : (1) ))&&( (alive[2]) -> ((((has_told|out_of_it)>>2)&1)) : (1) ))&&alive[by]))] (320:0:1 - 1)
		IfNotBlocked
		reached[0][253] = 1;
		if (!((((((((int)now.proposed)!=0)&&( (((int)now.alive[0])) ? ((((((int)now.has_told)|((int)now.out_of_it))>>0)&1)) : (1) ))&&( (((int)now.alive[1])) ? ((((((int)now.has_told)|((int)now.out_of_it))>>1)&1)) : (1) ))&&( (((int)now.alive[2])) ? ((((((int)now.has_told)|((int)now.out_of_it))>>2)&1)) : (1) ))&&((int)now.alive[ Index(((int)now.by), 3) ]))))
			continue;
		/* merge: has_told = (has_told&~((255&0)))(0, 254, 320) */
		reached[0][254] = 1;
		(trpt+1)->bup.oval = ((int)now.has_told);
		now.has_told = (((int)now.has_told)& ~((255&0)));
#ifdef VAR_RANGES
		logval("has_told", ((int)now.has_told));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 81: // STATE 255 - rows.pml:88 - [best = 255] (0:266:2 - 1)
		IfNotBlocked
		reached[0][255] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.best);
		now.best = 255;
#ifdef VAR_RANGES
		logval("best", ((int)now.best));
#endif
		;
		/* merge: j = 0(266, 256, 266) */
		reached[0][256] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.j);
		now.j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 267, 266) */
		reached[0][267] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 82: // STATE 257 - rows.pml:89 - [((j<=2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][257] = 1;
		if (!((((int)now.j)<=2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 83: // STATE 258 - rows.pml:91 - [((((has_told>>j)&1)&&((best==255)||(((r[told[j]].epoch*8)+r[told[j]].n)>((r[best].epoch*8)+r[best].n)))))] (266:0:2 - 1)
		IfNotBlocked
		reached[0][258] = 1;
		if (!((((((int)now.has_told)>>((int)now.j))&1)&&((((int)now.best)==255)||(((((int)now.r[ Index(((int)now.told[ Index(((int)now.j), 3) ]), 6) ].epoch)*8)+((int)now.r[ Index(((int)now.told[ Index(((int)now.j), 3) ]), 6) ].n))>((((int)now.r[ Index(((int)now.best), 6) ].epoch)*8)+((int)now.r[ Index(((int)now.best), 6) ].n)))))))
			continue;
		/* merge: best = told[j](266, 259, 266) */
		reached[0][259] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.best);
		now.best = ((int)now.told[ Index(((int)now.j), 3) ]);
#ifdef VAR_RANGES
		logval("best", ((int)now.best));
#endif
		;
		/* merge: .(goto)(266, 262, 266) */
		reached[0][262] = 1;
		;
		/* merge: j = (j+1)(266, 263, 266) */
		reached[0][263] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.j);
		now.j = (((int)now.j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 267, 266) */
		reached[0][267] = 1;
		;
		_m = 3; goto P999; /* 4 */
	case 84: // STATE 263 - rows.pml:89 - [j = (j+1)] (0:266:1 - 3)
		IfNotBlocked
		reached[0][263] = 1;
		(trpt+1)->bup.oval = ((int)now.j);
		now.j = (((int)now.j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 267, 266) */
		reached[0][267] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 85: // STATE 269 - rows.pml:95 - [k = rows] (0:293:5 - 3)
		IfNotBlocked
		reached[0][269] = 1;
		(trpt+1)->bup.ovals = grab_ints(5);
		(trpt+1)->bup.ovals[0] = ((int)now.k);
		now.k = ((int)now.rows);
#ifdef VAR_RANGES
		logval("k", ((int)now.k));
#endif
		;
		/* merge: rows = (rows+1)(293, 270, 293) */
		reached[0][270] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.rows);
		now.rows = (((int)now.rows)+1);
#ifdef VAR_RANGES
		logval("rows", ((int)now.rows));
#endif
		;
		/* merge: r[k].epoch = proposed(293, 271, 293) */
		reached[0][271] = 1;
		(trpt+1)->bup.ovals[2] = ((int)now.r[ Index(((int)now.k), 6) ].epoch);
		now.r[ Index(now.k, 6) ].epoch = ((int)now.proposed);
#ifdef VAR_RANGES
		logval("r[k].epoch", ((int)now.r[ Index(((int)now.k), 6) ].epoch));
#endif
		;
		/* merge: r[k].n = 0(293, 272, 293) */
		reached[0][272] = 1;
		(trpt+1)->bup.ovals[3] = ((int)now.r[ Index(((int)now.k), 6) ].n);
		now.r[ Index(now.k, 6) ].n = 0;
#ifdef VAR_RANGES
		logval("r[k].n", ((int)now.r[ Index(((int)now.k), 6) ].n));
#endif
		;
		/* merge: r[k].sync = (r[best].sync&has_told)(293, 273, 293) */
		reached[0][273] = 1;
		(trpt+1)->bup.ovals[4] = ((int)now.r[ Index(((int)now.k), 6) ].sync);
		now.r[ Index(now.k, 6) ].sync = (((int)now.r[ Index(((int)now.best), 6) ].sync)&((int)now.has_told));
#ifdef VAR_RANGES
		logval("r[k].sync", ((int)now.r[ Index(((int)now.k), 6) ].sync));
#endif
		;
		_m = 3; goto P999; /* 4 */
	case 86: // STATE 274 - rows.pml:99 - [(((has_told>>r[best].primary)&1))] (301:0:2 - 1)
		IfNotBlocked
		reached[0][274] = 1;
		if (!(((((int)now.has_told)>>((int)now.r[ Index(((int)now.best), 6) ].primary))&1)))
			continue;
		/* merge: r[k].primary = r[best].primary(301, 275, 301) */
		reached[0][275] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.r[ Index(((int)now.k), 6) ].primary);
		now.r[ Index(now.k, 6) ].primary = ((int)now.r[ Index(((int)now.best), 6) ].primary);
#ifdef VAR_RANGES
		logval("r[k].primary", ((int)now.r[ Index(((int)now.k), 6) ].primary));
#endif
		;
		/* merge: .(goto)(301, 294, 301) */
		reached[0][294] = 1;
		;
		/* merge: j = 0(301, 295, 301) */
		reached[0][295] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.j);
		now.j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 302, 301) */
		reached[0][302] = 1;
		;
		_m = 3; goto P999; /* 4 */
	case 87: // STATE 277 - rows.pml:102 - [((r[k].sync==0))] (301:0:4 - 1)
		IfNotBlocked
		reached[0][277] = 1;
		if (!((((int)now.r[ Index(((int)now.k), 6) ].sync)==0)))
			continue;
		/* merge: stale = 1(301, 278, 301) */
		reached[0][278] = 1;
		(trpt+1)->bup.ovals = grab_ints(4);
		(trpt+1)->bup.ovals[0] = ((int)now.stale);
		now.stale = 1;
#ifdef VAR_RANGES
		logval("stale", ((int)now.stale));
#endif
		;
		/* merge: r[k].primary = by(301, 279, 301) */
		reached[0][279] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.r[ Index(((int)now.k), 6) ].primary);
		now.r[ Index(now.k, 6) ].primary = ((int)now.by);
#ifdef VAR_RANGES
		logval("r[k].primary", ((int)now.r[ Index(((int)now.k), 6) ].primary));
#endif
		;
		/* merge: r[k].sync = (1<<by)(301, 280, 301) */
		reached[0][280] = 1;
		(trpt+1)->bup.ovals[2] = ((int)now.r[ Index(((int)now.k), 6) ].sync);
		now.r[ Index(now.k, 6) ].sync = (1<<((int)now.by));
#ifdef VAR_RANGES
		logval("r[k].sync", ((int)now.r[ Index(((int)now.k), 6) ].sync));
#endif
		;
		/* merge: .(goto)(301, 292, 301) */
		reached[0][292] = 1;
		;
		/* merge: .(goto)(301, 294, 301) */
		reached[0][294] = 1;
		;
		/* merge: j = 0(301, 295, 301) */
		reached[0][295] = 1;
		(trpt+1)->bup.ovals[3] = ((int)now.j);
		now.j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 302, 301) */
		reached[0][302] = 1;
		;
		_m = 3; goto P999; /* 7 */
	case 88: // STATE 282 - rows.pml:104 - [j = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][282] = 1;
		(trpt+1)->bup.oval = ((int)now.j);
		now.j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 89: // STATE 283 - rows.pml:106 - [(((r[k].sync>>j)&1))] (301:0:2 - 1)
		IfNotBlocked
		reached[0][283] = 1;
		if (!(((((int)now.r[ Index(((int)now.k), 6) ].sync)>>((int)now.j))&1)))
			continue;
		/* merge: goto :b18(301, 284, 301) */
		reached[0][284] = 1;
		;
		/* merge: r[k].primary = j(301, 290, 301) */
		reached[0][290] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.r[ Index(((int)now.k), 6) ].primary);
		now.r[ Index(now.k, 6) ].primary = ((int)now.j);
#ifdef VAR_RANGES
		logval("r[k].primary", ((int)now.r[ Index(((int)now.k), 6) ].primary));
#endif
		;
		/* merge: .(goto)(301, 292, 301) */
		reached[0][292] = 1;
		;
		/* merge: .(goto)(301, 294, 301) */
		reached[0][294] = 1;
		;
		/* merge: j = 0(301, 295, 301) */
		reached[0][295] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.j);
		now.j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 302, 301) */
		reached[0][302] = 1;
		;
		_m = 3; goto P999; /* 6 */
	case 90: // STATE 286 - rows.pml:107 - [j = (j+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][286] = 1;
		(trpt+1)->bup.oval = ((int)now.j);
		now.j = (((int)now.j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 91: // STATE 290 - rows.pml:109 - [r[k].primary = j] (0:301:2 - 3)
		IfNotBlocked
		reached[0][290] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.r[ Index(((int)now.k), 6) ].primary);
		now.r[ Index(now.k, 6) ].primary = ((int)now.j);
#ifdef VAR_RANGES
		logval("r[k].primary", ((int)now.r[ Index(((int)now.k), 6) ].primary));
#endif
		;
		/* merge: .(goto)(301, 292, 301) */
		reached[0][292] = 1;
		;
		/* merge: .(goto)(301, 294, 301) */
		reached[0][294] = 1;
		;
		/* merge: j = 0(301, 295, 301) */
		reached[0][295] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.j);
		now.j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 302, 301) */
		reached[0][302] = 1;
		;
		_m = 3; goto P999; /* 4 */
	case 92: // STATE 295 - rows.pml:112 - [j = 0] (0:301:1 - 5)
		IfNotBlocked
		reached[0][295] = 1;
		(trpt+1)->bup.oval = ((int)now.j);
		now.j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 302, 301) */
		reached[0][302] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 93: // STATE 296 - rows.pml:112 - [((j<=2))] (301:0:1 - 1)
		IfNotBlocked
		reached[0][296] = 1;
		if (!((((int)now.j)<=2)))
			continue;
		/* merge: assert(((stale||!(((r[k].sync>>j)&1)))||((has[j]&acked)==acked)))(301, 297, 301) */
		reached[0][297] = 1;
		spin_assert(((((int)now.stale)|| !(((((int)now.r[ Index(((int)now.k), 6) ].sync)>>((int)now.j))&1)))||((((int)now.has[ Index(((int)now.j), 3) ])&((int)now.acked))==((int)now.acked))), "((stale|| !(((r[k].sync>>j)&1)))||((has[j]&acked)==acked))", II, tt, t);
		/* merge: j = (j+1)(301, 298, 301) */
		reached[0][298] = 1;
		(trpt+1)->bup.oval = ((int)now.j);
		now.j = (((int)now.j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)now.j));
#endif
		;
		/* merge: .(goto)(0, 302, 301) */
		reached[0][302] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 94: // STATE 304 - rows.pml:115 - [leader[proposed] = by] (0:316:5 - 3)
		IfNotBlocked
		reached[0][304] = 1;
		(trpt+1)->bup.ovals = grab_ints(5);
		(trpt+1)->bup.ovals[0] = ((int)now.leader[ Index(((int)now.proposed), 4) ]);
		now.leader[ Index(now.proposed, 4) ] = ((int)now.by);
#ifdef VAR_RANGES
		logval("leader[proposed]", ((int)now.leader[ Index(((int)now.proposed), 4) ]));
#endif
		;
		/* merge: first[proposed] = k(316, 305, 316) */
		reached[0][305] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.first[ Index(((int)now.proposed), 4) ]);
		now.first[ Index(now.proposed, 4) ] = ((int)now.k);
#ifdef VAR_RANGES
		logval("first[proposed]", ((int)now.first[ Index(((int)now.proposed), 4) ]));
#endif
		;
		/* merge: last_epoch = proposed(316, 306, 316) */
		reached[0][306] = 1;
		(trpt+1)->bup.ovals[2] = ((int)now.last_epoch);
		now.last_epoch = ((int)now.proposed);
#ifdef VAR_RANGES
		logval("last_epoch", ((int)now.last_epoch));
#endif
		;
		/* merge: epoch[by] = proposed(316, 307, 316) */
		reached[0][307] = 1;
		(trpt+1)->bup.ovals[3] = ((int)now.epoch[ Index(((int)now.by), 3) ]);
		now.epoch[ Index(now.by, 3) ] = ((int)now.proposed);
#ifdef VAR_RANGES
		logval("epoch[by]", ((int)now.epoch[ Index(((int)now.by), 3) ]));
#endif
		;
		/* merge: promised[by] = proposed(316, 308, 316) */
		reached[0][308] = 1;
		(trpt+1)->bup.ovals[4] = ((int)now.promised[ Index(((int)now.by), 3) ]);
		now.promised[ Index(now.by, 3) ] = ((int)now.proposed);
#ifdef VAR_RANGES
		logval("promised[by]", ((int)now.promised[ Index(((int)now.by), 3) ]));
#endif
		;
		_m = 3; goto P999; /* 4 */
	case 95: // STATE 309 - rows.pml:79 - [((((leader[epoch[by]]==by)&&(r[k].primary==by))&&((r[given[by]].sync&~(r[k].sync))!=0)))] (344:0:4 - 1)
		IfNotBlocked
		reached[0][309] = 1;
		if (!((((((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.by), 3) ]), 4) ])==((int)now.by))&&(((int)now.r[ Index(((int)now.k), 6) ].primary)==((int)now.by)))&&((((int)now.r[ Index(((int)now.given[ Index(((int)now.by), 3) ]), 6) ].sync)& ~(((int)now.r[ Index(((int)now.k), 6) ].sync)))!=0))))
			continue;
		/* merge: row[by] = k(344, 310, 344) */
		reached[0][310] = 1;
		(trpt+1)->bup.ovals = grab_ints(4);
		(trpt+1)->bup.ovals[0] = ((int)now.row[ Index(((int)now.by), 3) ]);
		now.row[ Index(now.by, 3) ] = ((int)now.k);
#ifdef VAR_RANGES
		logval("row[by]", ((int)now.row[ Index(((int)now.by), 3) ]));
#endif
		;
		/* merge: .(goto)(344, 315, 344) */
		reached[0][315] = 1;
		;
		/* merge: proposed = 0(344, 317, 344) */
		reached[0][317] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.proposed);
		now.proposed = 0;
#ifdef VAR_RANGES
		logval("proposed", ((int)now.proposed));
#endif
		;
		/* merge: has_told = 0(344, 318, 344) */
		reached[0][318] = 1;
		(trpt+1)->bup.ovals[2] = ((int)now.has_told);
		now.has_told = 0;
#ifdef VAR_RANGES
		logval("has_told", ((int)now.has_told));
#endif
		;
		/* merge: yields = 0(344, 319, 344) */
		reached[0][319] = 1;
		(trpt+1)->bup.ovals[3] = ((int)yields);
		yields = 0;
#ifdef VAR_RANGES
		logval("yields", ((int)yields));
#endif
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 6 */
	case 96: // STATE 312 - rows.pml:80 - [row[by] = k] (0:344:5 - 1)
		IfNotBlocked
		reached[0][312] = 1;
		(trpt+1)->bup.ovals = grab_ints(5);
		(trpt+1)->bup.ovals[0] = ((int)now.row[ Index(((int)now.by), 3) ]);
		now.row[ Index(now.by, 3) ] = ((int)now.k);
#ifdef VAR_RANGES
		logval("row[by]", ((int)now.row[ Index(((int)now.by), 3) ]));
#endif
		;
		/* merge: given[by] = k(344, 313, 344) */
		reached[0][313] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.given[ Index(((int)now.by), 3) ]);
		now.given[ Index(now.by, 3) ] = ((int)now.k);
#ifdef VAR_RANGES
		logval("given[by]", ((int)now.given[ Index(((int)now.by), 3) ]));
#endif
		;
		/* merge: .(goto)(344, 315, 344) */
		reached[0][315] = 1;
		;
		/* merge: proposed = 0(344, 317, 344) */
		reached[0][317] = 1;
		(trpt+1)->bup.ovals[2] = ((int)now.proposed);
		now.proposed = 0;
#ifdef VAR_RANGES
		logval("proposed", ((int)now.proposed));
#endif
		;
		/* merge: has_told = 0(344, 318, 344) */
		reached[0][318] = 1;
		(trpt+1)->bup.ovals[3] = ((int)now.has_told);
		now.has_told = 0;
#ifdef VAR_RANGES
		logval("has_told", ((int)now.has_told));
#endif
		;
		/* merge: yields = 0(344, 319, 344) */
		reached[0][319] = 1;
		(trpt+1)->bup.ovals[4] = ((int)yields);
		yields = 0;
#ifdef VAR_RANGES
		logval("yields", ((int)yields));
#endif
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 6 */
	case 97: // STATE 317 - rows.pml:118 - [proposed = 0] (0:344:3 - 3)
		IfNotBlocked
		reached[0][317] = 1;
		(trpt+1)->bup.ovals = grab_ints(3);
		(trpt+1)->bup.ovals[0] = ((int)now.proposed);
		now.proposed = 0;
#ifdef VAR_RANGES
		logval("proposed", ((int)now.proposed));
#endif
		;
		/* merge: has_told = 0(344, 318, 344) */
		reached[0][318] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.has_told);
		now.has_told = 0;
#ifdef VAR_RANGES
		logval("has_told", ((int)now.has_told));
#endif
		;
		/* merge: yields = 0(344, 319, 344) */
		reached[0][319] = 1;
		(trpt+1)->bup.ovals[2] = ((int)yields);
		yields = 0;
#ifdef VAR_RANGES
		logval("yields", ((int)yields));
#endif
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 98: // STATE 322 - rows.pml:84 - [i = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][322] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 99: // STATE 323 - rows.pml:84 - [((i<2))] (326:0:1 - 1)
		IfNotBlocked
		reached[0][323] = 1;
		if (!((((int)now.i)<2)))
			continue;
		/* merge: i = (i+1)(0, 324, 326) */
		reached[0][324] = 1;
		(trpt+1)->bup.oval = ((int)now.i);
		now.i = (((int)now.i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)now.i));
#endif
		;
		/* merge: .(goto)(0, 327, 326) */
		reached[0][327] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 100: // STATE 330 - rows.pml:226 - [(((alive[i]&&(epoch[i]<last_epoch))&&(promised[i]==last_epoch)))] (339:0:1 - 1)
		IfNotBlocked
		reached[0][330] = 1;
		if (!(((((int)now.alive[ Index(((int)now.i), 3) ])&&(((int)now.epoch[ Index(((int)now.i), 3) ])<((int)now.last_epoch)))&&(((int)now.promised[ Index(((int)now.i), 3) ])==((int)now.last_epoch)))))
			continue;
		/* merge: epoch[i] = last_epoch(0, 331, 339) */
		reached[0][331] = 1;
		(trpt+1)->bup.oval = ((int)now.epoch[ Index(((int)now.i), 3) ]);
		now.epoch[ Index(now.i, 3) ] = ((int)now.last_epoch);
#ifdef VAR_RANGES
		logval("epoch[i]", ((int)now.epoch[ Index(((int)now.i), 3) ]));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 101: // STATE 332 - rows.pml:79 - [((((leader[epoch[i]]==i)&&(r[first[last_epoch]].primary==i))&&((r[given[i]].sync&~(r[first[last_epoch]].sync))!=0)))] (344:0:1 - 1)
		IfNotBlocked
		reached[0][332] = 1;
		if (!((((((int)now.leader[ Index(((int)now.epoch[ Index(((int)now.i), 3) ]), 4) ])==((int)now.i))&&(((int)now.r[ Index(((int)now.first[ Index(((int)now.last_epoch), 4) ]), 6) ].primary)==((int)now.i)))&&((((int)now.r[ Index(((int)now.given[ Index(((int)now.i), 3) ]), 6) ].sync)& ~(((int)now.r[ Index(((int)now.first[ Index(((int)now.last_epoch), 4) ]), 6) ].sync)))!=0))))
			continue;
		/* merge: row[i] = first[last_epoch](344, 333, 344) */
		reached[0][333] = 1;
		(trpt+1)->bup.oval = ((int)now.row[ Index(((int)now.i), 3) ]);
		now.row[ Index(now.i, 3) ] = ((int)now.first[ Index(((int)now.last_epoch), 4) ]);
#ifdef VAR_RANGES
		logval("row[i]", ((int)now.row[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: .(goto)(344, 338, 344) */
		reached[0][338] = 1;
		;
		/* merge: .(goto)(344, 342, 344) */
		reached[0][342] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 4 */
	case 102: // STATE 338 - rows.pml:82 - [.(goto)] (0:344:0 - 2)
		IfNotBlocked
		reached[0][338] = 1;
		;
		/* merge: .(goto)(344, 342, 344) */
		reached[0][342] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 103: // STATE 335 - rows.pml:80 - [row[i] = first[last_epoch]] (0:344:2 - 1)
		IfNotBlocked
		reached[0][335] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.row[ Index(((int)now.i), 3) ]);
		now.row[ Index(now.i, 3) ] = ((int)now.first[ Index(((int)now.last_epoch), 4) ]);
#ifdef VAR_RANGES
		logval("row[i]", ((int)now.row[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: given[i] = first[last_epoch](344, 336, 344) */
		reached[0][336] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.given[ Index(((int)now.i), 3) ]);
		now.given[ Index(now.i, 3) ] = ((int)now.first[ Index(((int)now.last_epoch), 4) ]);
#ifdef VAR_RANGES
		logval("given[i]", ((int)now.given[ Index(((int)now.i), 3) ]));
#endif
		;
		/* merge: .(goto)(344, 338, 344) */
		reached[0][338] = 1;
		;
		/* merge: .(goto)(344, 342, 344) */
		reached[0][342] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 4 */
	case 104: // STATE 342 - rows.pml:229 - [.(goto)] (0:344:0 - 2)
		IfNotBlocked
		reached[0][342] = 1;
		;
		/* merge: .(goto)(0, 345, 344) */
		reached[0][345] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 105: // STATE 347 - rows.pml:231 - [-end-] (0:0:0 - 1)
		IfNotBlocked
		reached[0][347] = 1;
		if (!delproc(1, II)) continue;
		_m = 3; goto P999; /* 0 */
	case  _T5:	/* np_ */
		if (!((!(trpt->o_pm&4) && !(trpt->tau&128))))
			continue;
		/* else fall through */
	case  _T2:	/* true */
		_m = 3; goto P999;
#undef rand
	}

