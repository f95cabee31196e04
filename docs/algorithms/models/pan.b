	switch (t->back) {
	default: Uerror("bad return move");
	case  0: goto R999; /* nothing to undo */

		 /* PROC world */

	case 3: // STATE 1
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 4: // STATE 6
		;
		now.i = trpt->bup.ovals[3];
		now.promised[ Index(now.i, 3) ] = trpt->bup.ovals[2];
		now.epoch[ Index(now.i, 3) ] = trpt->bup.ovals[1];
		now.alive[ Index(now.i, 3) ] = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 4);
		goto R999;

	case 5: // STATE 13
		;
		now.r[0].epoch = trpt->bup.ovals[1];
		now.leader[1] = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;

	case 6: // STATE 15
		;
		now.r[0].sync = trpt->bup.ovals[1];
		now.r[0].primary = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		
	case 7: // STATE 19
		goto R999;

	case 8: // STATE 17
		;
		now.r[0].sync = trpt->bup.ovals[1];
		now.r[0].primary = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		;
		
	case 10: // STATE 22
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 11: // STATE 24
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 12: // STATE 32
		;
		now.writes = trpt->bup.ovals[1];
		now.has[ Index(now.i, 3) ] = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		
	case 13: // STATE 35
		goto R999;

	case 14: // STATE 37
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 15: // STATE 39
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 16: // STATE 45
		;
		now.j = trpt->bup.oval;
		;
		goto R999;

	case 17: // STATE 47
		;
		now.j = trpt->bup.oval;
		;
		goto R999;

	case 18: // STATE 54
		;
		now.has[ Index(now.j, 3) ] = trpt->bup.oval;
		;
		goto R999;
;
		
	case 19: // STATE 57
		goto R999;

	case 20: // STATE 59
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 21: // STATE 61
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 22: // STATE 69
		;
		now.j = trpt->bup.ovals[1];
		now.k = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		;
		
	case 24: // STATE 76
		;
		now.j = trpt->bup.ovals[1];
		now.k = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;

	case 25: // STATE 76
		;
		now.j = trpt->bup.oval;
		;
		goto R999;

	case 26: // STATE 82
		;
		now.acked = trpt->bup.oval;
		;
		goto R999;
;
		
	case 27: // STATE 86
		goto R999;
;
		;
		
	case 29: // STATE 89
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 30: // STATE 91
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 31: // STATE 97
		;
		now.j = trpt->bup.oval;
		;
		goto R999;

	case 32: // STATE 99
		;
		now.j = trpt->bup.oval;
		;
		goto R999;

	case 33: // STATE 111
		;
		now.r[ Index(now.k, 6) ].sync = trpt->bup.ovals[5];
		now.r[ Index(now.k, 6) ].primary = trpt->bup.ovals[4];
		now.r[ Index(now.k, 6) ].n = trpt->bup.ovals[3];
		now.r[ Index(now.k, 6) ].epoch = trpt->bup.ovals[2];
		now.rows = trpt->bup.ovals[1];
		now.k = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 6);
		goto R999;

	case 34: // STATE 113
		;
		now.row[ Index(now.leader[ Index(now.epoch[ Index(now.i, 3) ], 4) ], 3) ] = trpt->bup.oval;
		;
		goto R999;
;
		
	case 35: // STATE 118
		goto R999;

	case 36: // STATE 116
		;
		now.given[ Index(now.leader[ Index(now.epoch[ Index(now.i, 3) ], 4) ], 3) ] = trpt->bup.ovals[1];
		now.row[ Index(now.leader[ Index(now.epoch[ Index(now.i, 3) ], 4) ], 3) ] = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		
	case 37: // STATE 122
		goto R999;

	case 38: // STATE 124
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 39: // STATE 132
		;
		now.k = trpt->bup.oval;
		;
		goto R999;

	case 40: // STATE 126
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 41: // STATE 132
		;
		now.k = trpt->bup.oval;
		;
		goto R999;

	case 42: // STATE 134
		;
		now.k = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 44: // STATE 141
		;
		now.row[ Index(now.i, 3) ] = trpt->bup.oval;
		;
		goto R999;
;
		
	case 45: // STATE 146
		goto R999;

	case 46: // STATE 144
		;
		now.given[ Index(now.i, 3) ] = trpt->bup.ovals[1];
		now.row[ Index(now.i, 3) ] = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		
	case 47: // STATE 150
		goto R999;

	case 48: // STATE 152
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 49: // STATE 154
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 50: // STATE 160
		;
		now.j = trpt->bup.oval;
		;
		goto R999;

	case 51: // STATE 162
		;
		now.j = trpt->bup.oval;
		;
		goto R999;

	case 52: // STATE 169
		;
		now.given[ Index(now.i, 3) ] = trpt->bup.oval;
		;
		goto R999;
;
		
	case 53: // STATE 172
		goto R999;

	case 54: // STATE 175
		;
		now.faults = trpt->bup.oval;
		;
		goto R999;

	case 55: // STATE 176
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 56: // STATE 178
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 57: // STATE 184
		;
		now.alive[ Index(now.i, 3) ] = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 59: // STATE 187
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 60: // STATE 196
		;
		yields = trpt->bup.ovals[1];
		now.out_of_it = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;

	case 61: // STATE 189
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 62: // STATE 196
		;
		yields = trpt->bup.ovals[1];
		now.out_of_it = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		;
		;
		;
		;
		;
		
	case 66: // STATE 204
		;
		now.out_of_it = trpt->bup.ovals[1];
		now.faults = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;

	case 67: // STATE 206
		;
		yields = trpt->bup.oval;
		;
		goto R999;

	case 68: // STATE 210
		;
		now.faults = trpt->bup.oval;
		;
		goto R999;

	case 69: // STATE 211
		;
		now.j = trpt->bup.oval;
		;
		goto R999;

	case 70: // STATE 213
		;
		now.j = trpt->bup.oval;
		;
		goto R999;

	case 71: // STATE 231
		;
		now.has_told = trpt->bup.ovals[5];
		now.told[ Index(now.i, 3) ] = trpt->bup.ovals[4];
		now.promised[ Index(now.i, 3) ] = trpt->bup.ovals[3];
		now.by = trpt->bup.ovals[2];
		now.proposed = trpt->bup.ovals[1];
		now.out_of_it = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 6);
		goto R999;

	case 72: // STATE 231
		;
		now.has_told = trpt->bup.ovals[4];
		now.told[ Index(now.i, 3) ] = trpt->bup.ovals[3];
		now.promised[ Index(now.i, 3) ] = trpt->bup.ovals[2];
		now.by = trpt->bup.ovals[1];
		now.proposed = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 5);
		goto R999;

	case 73: // STATE 231
		;
		now.has_told = trpt->bup.ovals[4];
		now.told[ Index(now.i, 3) ] = trpt->bup.ovals[3];
		now.promised[ Index(now.i, 3) ] = trpt->bup.ovals[2];
		now.by = trpt->bup.ovals[1];
		now.proposed = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 5);
		goto R999;
;
		
	case 74: // STATE 234
		goto R999;
;
		;
		
	case 76: // STATE 237
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 77: // STATE 239
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 78: // STATE 248
		;
		now.has_told = trpt->bup.ovals[2];
		now.told[ Index(now.i, 3) ] = trpt->bup.ovals[1];
		now.promised[ Index(now.i, 3) ] = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 3);
		goto R999;
;
		
	case 79: // STATE 251
		goto R999;

	case 80: // STATE 254
		;
		now.has_told = trpt->bup.oval;
		;
		goto R999;

	case 81: // STATE 256
		;
		now.j = trpt->bup.ovals[1];
		now.best = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		;
		
	case 83: // STATE 263
		;
		now.j = trpt->bup.ovals[1];
		now.best = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;

	case 84: // STATE 263
		;
		now.j = trpt->bup.oval;
		;
		goto R999;

	case 85: // STATE 273
		;
		now.r[ Index(now.k, 6) ].sync = trpt->bup.ovals[4];
		now.r[ Index(now.k, 6) ].n = trpt->bup.ovals[3];
		now.r[ Index(now.k, 6) ].epoch = trpt->bup.ovals[2];
		now.rows = trpt->bup.ovals[1];
		now.k = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 5);
		goto R999;

	case 86: // STATE 295
		;
		now.j = trpt->bup.ovals[1];
		now.r[ Index(now.k, 6) ].primary = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;

	case 87: // STATE 295
		;
		now.j = trpt->bup.ovals[3];
		now.r[ Index(now.k, 6) ].sync = trpt->bup.ovals[2];
		now.r[ Index(now.k, 6) ].primary = trpt->bup.ovals[1];
		now.stale = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 4);
		goto R999;

	case 88: // STATE 282
		;
		now.j = trpt->bup.oval;
		;
		goto R999;

	case 89: // STATE 295
		;
		now.j = trpt->bup.ovals[1];
		now.r[ Index(now.k, 6) ].primary = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;

	case 90: // STATE 286
		;
		now.j = trpt->bup.oval;
		;
		goto R999;

	case 91: // STATE 295
		;
		now.j = trpt->bup.ovals[1];
		now.r[ Index(now.k, 6) ].primary = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;

	case 92: // STATE 295
		;
		now.j = trpt->bup.oval;
		;
		goto R999;

	case 93: // STATE 298
		;
		now.j = trpt->bup.oval;
		;
		goto R999;

	case 94: // STATE 308
		;
		now.promised[ Index(now.by, 3) ] = trpt->bup.ovals[4];
		now.epoch[ Index(now.by, 3) ] = trpt->bup.ovals[3];
		now.last_epoch = trpt->bup.ovals[2];
		now.first[ Index(now.proposed, 4) ] = trpt->bup.ovals[1];
		now.leader[ Index(now.proposed, 4) ] = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 5);
		goto R999;

	case 95: // STATE 319
		;
		yields = trpt->bup.ovals[3];
		now.has_told = trpt->bup.ovals[2];
		now.proposed = trpt->bup.ovals[1];
		now.row[ Index(now.by, 3) ] = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 4);
		goto R999;

	case 96: // STATE 319
		;
		yields = trpt->bup.ovals[4];
		now.has_told = trpt->bup.ovals[3];
		now.proposed = trpt->bup.ovals[2];
		now.given[ Index(now.by, 3) ] = trpt->bup.ovals[1];
		now.row[ Index(now.by, 3) ] = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 5);
		goto R999;

	case 97: // STATE 319
		;
		yields = trpt->bup.ovals[2];
		now.has_told = trpt->bup.ovals[1];
		now.proposed = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 3);
		goto R999;

	case 98: // STATE 322
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 99: // STATE 324
		;
		now.i = trpt->bup.oval;
		;
		goto R999;

	case 100: // STATE 331
		;
		now.epoch[ Index(now.i, 3) ] = trpt->bup.oval;
		;
		goto R999;

	case 101: // STATE 333
		;
		now.row[ Index(now.i, 3) ] = trpt->bup.oval;
		;
		goto R999;
;
		
	case 102: // STATE 338
		goto R999;

	case 103: // STATE 336
		;
		now.given[ Index(now.i, 3) ] = trpt->bup.ovals[1];
		now.row[ Index(now.i, 3) ] = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		
	case 104: // STATE 342
		goto R999;

	case 105: // STATE 347
		;
		p_restor(II);
		;
		;
		goto R999;
	}

