#ifdef PEG
struct T_SRC {
	char *fl; int ln;
} T_SRC[NTRANS];

void
tr_2_src(int m, char *file, int ln)
{	T_SRC[m].fl = file;
	T_SRC[m].ln = ln;
}

void
putpeg(int n, int m)
{	printf("%5d	trans %4d ", m, n);
	printf("%s:%d\n",
		T_SRC[n].fl, T_SRC[n].ln);
}
#endif

void
settable(void)
{	Trans *T;
	Trans *settr(int, int, int, int, int, char *, int, int, int);

	trans = (Trans ***) emalloc(2*sizeof(Trans **));

	/* proctype 0: world */

	trans[0] = (Trans **) emalloc(348*sizeof(Trans *));

	T = trans[ 0][20] = settr(19,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(19,2,1,0,0,"ATOMIC", 1, 2, 0);
	trans[0][1]	= settr(0,2,9,3,3,"i = 0", 1, 2, 0);
	trans[0][10]	= settr(9,2,9,1,0,".(goto)", 1, 2, 0);
	T = trans[0][9] = settr(8,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(8,2,2,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(8,2,7,0,0,"DO", 1, 2, 0);
	trans[0][2]	= settr(1,2,9,4,4,"((i<=2))", 1, 2, 0); /* m: 3 -> 9,0 */
	reached0[3] = 1;
	trans[0][3]	= settr(0,0,0,0,0,"alive[i] = 1",0,0,0);
	trans[0][4]	= settr(0,0,0,0,0,"epoch[i] = 1",0,0,0);
	trans[0][5]	= settr(0,0,0,0,0,"promised[i] = 1",0,0,0);
	trans[0][6]	= settr(0,0,0,0,0,"i = (i+1)",0,0,0);
	trans[0][7]	= settr(6,2,12,2,0,"else", 1, 2, 0);
	trans[0][8]	= settr(7,2,12,1,0,"goto :b0", 1, 2, 0); /* m: 12 -> 0,18 */
	reached0[12] = 1;
	trans[0][11]	= settr(10,2,12,1,0,"break", 1, 2, 0);
	trans[0][12]	= settr(11,2,18,5,5,"leader[1] = 0", 1, 2, 0); /* m: 13 -> 0,18 */
	reached0[13] = 1;
	trans[0][13]	= settr(0,0,0,0,0,"r[0].epoch = 1",0,0,0);
	T = trans[0][18] = settr(17,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(17,2,14,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(17,2,16,0,0,"IF", 1, 2, 0);
	trans[0][14]	= settr(13,0,344,6,6,"r[0].primary = 0", 1, 2, 0); /* m: 15 -> 0,344 */
	reached0[15] = 1;
	trans[0][15]	= settr(0,0,0,0,0,"r[0].sync = 3",0,0,0);
	trans[0][19]	= settr(18,0,344,7,7,".(goto)", 1, 2, 0);
	trans[0][16]	= settr(15,0,344,8,8,"r[0].primary = 1", 1, 2, 0); /* m: 17 -> 0,344 */
	reached0[17] = 1;
	trans[0][17]	= settr(0,0,0,0,0,"r[0].sync = 6",0,0,0);
	trans[0][345]	= settr(344,0,344,1,0,".(goto)", 0, 2, 0);
	T = trans[0][344] = settr(343,0,0,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(343,0,36,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(343,0,58,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(343,0,87,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(343,0,123,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(343,0,151,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(343,0,173,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(343,0,185,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(343,0,235,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(343,0,252,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(343,0,321,0,0,"DO", 0, 2, 0);
	    T->nxt	= settr(343,0,343,0,0,"DO", 0, 2, 0);
	T = trans[ 0][36] = settr(35,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(35,2,21,0,0,"ATOMIC", 1, 2, 0);
	trans[0][21]	= settr(20,2,29,9,0,"((writes<2))", 1, 2, 0);
	T = trans[ 0][29] = settr(28,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(28,0,22,0,0,"sub-sequence", 1, 2, 0);
	trans[0][22]	= settr(21,2,26,10,10,"i = 0", 1, 2, 0);
	trans[0][27]	= settr(26,2,26,1,0,".(goto)", 1, 2, 0);
	T = trans[0][26] = settr(25,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(25,2,25,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(25,2,23,0,0,"DO", 1, 2, 0);
	trans[0][25]	= settr(24,2,34,1,0,"goto :b2", 1, 2, 0);
	trans[0][23]	= settr(22,2,26,11,11,"((i<2))", 1, 2, 0); /* m: 24 -> 26,0 */
	reached0[24] = 1;
	trans[0][24]	= settr(0,0,0,0,0,"i = (i+1)",0,0,0);
	trans[0][28]	= settr(27,2,34,1,0,"break", 1, 2, 0);
	T = trans[0][34] = settr(33,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(33,2,30,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(33,2,33,0,0,"IF", 1, 2, 0);
	trans[0][30]	= settr(29,0,344,12,12,"((alive[i]&&(r[given[i]].primary==i)))", 1, 2, 0); /* m: 31 -> 344,0 */
	reached0[31] = 1;
	trans[0][31]	= settr(0,0,0,0,0,"has[i] = (has[i]|(1<<writes))",0,0,0);
	trans[0][32]	= settr(0,0,0,0,0,"writes = (writes+1)",0,0,0);
	trans[0][35]	= settr(34,0,344,13,13,".(goto)", 1, 2, 0);
	trans[0][33]	= settr(32,2,35,2,0,"else", 1, 2, 0);
	T = trans[ 0][58] = settr(57,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(57,2,44,0,0,"ATOMIC", 1, 2, 0);
	T = trans[ 0][44] = settr(43,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(43,0,37,0,0,"sub-sequence", 1, 2, 0);
	trans[0][37]	= settr(36,2,41,14,14,"i = 0", 1, 2, 0);
	trans[0][42]	= settr(41,2,41,1,0,".(goto)", 1, 2, 0);
	T = trans[0][41] = settr(40,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(40,2,40,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(40,2,38,0,0,"DO", 1, 2, 0);
	trans[0][40]	= settr(39,2,52,1,0,"goto :b3", 1, 2, 0);
	trans[0][38]	= settr(37,2,41,15,15,"((i<2))", 1, 2, 0); /* m: 39 -> 41,0 */
	reached0[39] = 1;
	trans[0][39]	= settr(0,0,0,0,0,"i = (i+1)",0,0,0);
	trans[0][43]	= settr(42,2,52,1,0,"break", 1, 2, 0);
	T = trans[ 0][52] = settr(51,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(51,0,45,0,0,"sub-sequence", 1, 2, 0);
	trans[0][45]	= settr(44,2,49,16,16,"j = 0", 1, 2, 0);
	trans[0][50]	= settr(49,2,49,1,0,".(goto)", 1, 2, 0);
	T = trans[0][49] = settr(48,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(48,2,48,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(48,2,46,0,0,"DO", 1, 2, 0);
	trans[0][48]	= settr(47,2,56,1,0,"goto :b4", 1, 2, 0);
	trans[0][46]	= settr(45,2,49,17,17,"((j<2))", 1, 2, 0); /* m: 47 -> 49,0 */
	reached0[47] = 1;
	trans[0][47]	= settr(0,0,0,0,0,"j = (j+1)",0,0,0);
	trans[0][51]	= settr(50,2,56,1,0,"break", 1, 2, 0);
	T = trans[0][56] = settr(55,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(55,2,53,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(55,2,55,0,0,"IF", 1, 2, 0);
	trans[0][53]	= settr(52,0,344,18,18,"(((((((i!=j)&&alive[i])&&alive[j])&&(r[given[i]].primary==i))&&((r[given[i]].sync>>j)&1))&&((((r[row[j]].epoch*8)+r[row[j]].n)<=((r[given[i]].epoch*8)+r[given[i]].n))||((r[row[j]].primary==i)&&((r[row[j]].sync>>j)&1)))))", 1, 2, 0); /* m: 54 -> 344,0 */
	reached0[54] = 1;
	trans[0][54]	= settr(0,0,0,0,0,"has[j] = (has[j]|has[i])",0,0,0);
	trans[0][57]	= settr(56,0,344,19,19,".(goto)", 1, 2, 0);
	trans[0][55]	= settr(54,2,57,2,0,"else", 1, 2, 0);
	T = trans[ 0][87] = settr(86,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(86,2,66,0,0,"ATOMIC", 1, 2, 0);
	T = trans[ 0][66] = settr(65,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(65,0,59,0,0,"sub-sequence", 1, 2, 0);
	trans[0][59]	= settr(58,2,63,20,20,"i = 0", 1, 2, 0);
	trans[0][64]	= settr(63,2,63,1,0,".(goto)", 1, 2, 0);
	T = trans[0][63] = settr(62,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(62,2,62,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(62,2,60,0,0,"DO", 1, 2, 0);
	trans[0][62]	= settr(61,2,85,1,0,"goto :b5", 1, 2, 0);
	trans[0][60]	= settr(59,2,63,21,21,"((i<2))", 1, 2, 0); /* m: 61 -> 63,0 */
	reached0[61] = 1;
	trans[0][61]	= settr(0,0,0,0,0,"i = (i+1)",0,0,0);
	trans[0][65]	= settr(64,2,85,1,0,"break", 1, 2, 0);
	T = trans[0][85] = settr(84,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(84,2,67,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(84,2,84,0,0,"IF", 1, 2, 0);
	trans[0][67]	= settr(66,2,79,22,22,"((alive[i]&&(r[given[i]].primary==i)))", 1, 2, 0); /* m: 68 -> 79,0 */
	reached0[68] = 1;
	trans[0][68]	= settr(0,0,0,0,0,"k = has[i]",0,0,0);
	trans[0][69]	= settr(0,0,0,0,0,"j = 0",0,0,0);
	trans[0][80]	= settr(79,2,79,1,0,".(goto)", 1, 2, 0);
	T = trans[0][79] = settr(78,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(78,2,70,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(78,2,77,0,0,"DO", 1, 2, 0);
	trans[0][70]	= settr(69,2,74,23,0,"((j<=2))", 1, 2, 0);
	T = trans[0][74] = settr(73,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(73,2,71,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(73,2,73,0,0,"IF", 1, 2, 0);
	trans[0][71]	= settr(70,2,79,24,24,"(((r[given[i]].sync>>j)&1))", 1, 2, 0); /* m: 72 -> 79,0 */
	reached0[72] = 1;
	trans[0][72]	= settr(0,0,0,0,0,"k = (k&has[j])",0,0,0);
	trans[0][75]	= settr(74,2,76,1,0,".(goto)", 1, 2, 0); /* m: 76 -> 0,79 */
	reached0[76] = 1;
	trans[0][73]	= settr(72,2,76,2,0,"else", 1, 2, 0);
	trans[0][76]	= settr(75,2,79,25,25,"j = (j+1)", 1, 2, 0);
	trans[0][77]	= settr(76,2,82,2,0,"else", 1, 2, 0);
	trans[0][78]	= settr(77,2,82,1,0,"goto :b6", 1, 2, 0); /* m: 82 -> 0,344 */
	reached0[82] = 1;
	trans[0][81]	= settr(80,2,82,1,0,"break", 1, 2, 0);
	trans[0][82]	= settr(81,0,344,26,26,"acked = (acked|k)", 1, 2, 0); /* m: 83 -> 0,344 */
	reached0[83] = 1;
	trans[0][83]	= settr(0,0,0,0,0,"assert((((stale||(last_epoch==epoch[i]))||((has[r[first[last_epoch]].primary]&k)==k))||(r[first[last_epoch]].primary==i)))",0,0,0);
	trans[0][86]	= settr(85,0,344,27,27,".(goto)", 1, 2, 0);
	trans[0][84]	= settr(83,2,86,2,0,"else", 1, 2, 0);
	T = trans[ 0][123] = settr(122,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(122,2,88,0,0,"ATOMIC", 1, 2, 0);
	trans[0][88]	= settr(87,2,96,28,0,"((rows<(6-3)))", 1, 2, 0);
	T = trans[ 0][96] = settr(95,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(95,0,89,0,0,"sub-sequence", 1, 2, 0);
	trans[0][89]	= settr(88,2,93,29,29,"i = 0", 1, 2, 0);
	trans[0][94]	= settr(93,2,93,1,0,".(goto)", 1, 2, 0);
	T = trans[0][93] = settr(92,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(92,2,92,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(92,2,90,0,0,"DO", 1, 2, 0);
	trans[0][92]	= settr(91,2,104,1,0,"goto :b7", 1, 2, 0);
	trans[0][90]	= settr(89,2,93,30,30,"((i<2))", 1, 2, 0); /* m: 91 -> 93,0 */
	reached0[91] = 1;
	trans[0][91]	= settr(0,0,0,0,0,"i = (i+1)",0,0,0);
	trans[0][95]	= settr(94,2,104,1,0,"break", 1, 2, 0);
	T = trans[ 0][104] = settr(103,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(103,0,97,0,0,"sub-sequence", 1, 2, 0);
	trans[0][97]	= settr(96,2,101,31,31,"j = 0", 1, 2, 0);
	trans[0][102]	= settr(101,2,101,1,0,".(goto)", 1, 2, 0);
	T = trans[0][101] = settr(100,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(100,2,100,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(100,2,98,0,0,"DO", 1, 2, 0);
	trans[0][100]	= settr(99,2,121,1,0,"goto :b8", 1, 2, 0);
	trans[0][98]	= settr(97,2,101,32,32,"((j<2))", 1, 2, 0); /* m: 99 -> 101,0 */
	reached0[99] = 1;
	trans[0][99]	= settr(0,0,0,0,0,"j = (j+1)",0,0,0);
	trans[0][103]	= settr(102,2,121,1,0,"break", 1, 2, 0);
	T = trans[0][121] = settr(120,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(120,2,105,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(120,2,120,0,0,"IF", 1, 2, 0);
	trans[0][105]	= settr(104,2,119,33,33,"(((((((alive[i]&&(r[row[i]].primary==i))&&(i!=j))&&((r[row[i]].sync>>j)&1))&&(((alive[leader[epoch[i]]]&&(leader[epoch[leader[epoch[i]]]]==leader[epoch[i]]))&&(promised[leader[epoch[i]]]==epoch[leader[epoch[i]]]))&&!(((proposed!=0)&&(by==leader[epoch[i]])))))&&(epoch[leader[epoch[i]]]==epoch[i]))&&(row[leader[epoch[i]]]==row[i])))", 1, 2, 0); /* m: 106 -> 119,0 */
	reached0[106] = 1;
	trans[0][106]	= settr(0,0,0,0,0,"k = rows",0,0,0);
	trans[0][107]	= settr(0,0,0,0,0,"rows = (rows+1)",0,0,0);
	trans[0][108]	= settr(0,0,0,0,0,"r[k].epoch = epoch[i]",0,0,0);
	trans[0][109]	= settr(0,0,0,0,0,"r[k].n = (r[row[i]].n+1)",0,0,0);
	trans[0][110]	= settr(0,0,0,0,0,"r[k].primary = i",0,0,0);
	trans[0][111]	= settr(0,0,0,0,0,"r[k].sync = (r[row[i]].sync&~((1<<j)))",0,0,0);
	T = trans[ 0][119] = settr(118,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(118,0,117,0,0,"sub-sequence", 1, 2, 0);
	T = trans[0][117] = settr(116,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(116,2,112,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(116,2,114,0,0,"IF", 1, 2, 0);
	trans[0][112]	= settr(111,0,344,34,34,"((((leader[epoch[leader[epoch[i]]]]==leader[epoch[i]])&&(r[k].primary==leader[epoch[i]]))&&((r[given[leader[epoch[i]]]].sync&~(r[k].sync))!=0)))", 1, 2, 0); /* m: 113 -> 344,0 */
	reached0[113] = 1;
	trans[0][113]	= settr(0,0,0,0,0,"row[leader[epoch[i]]] = k",0,0,0);
	trans[0][118]	= settr(117,0,344,35,35,".(goto)", 1, 2, 0); /* m: 122 -> 0,344 */
	reached0[122] = 1;
	trans[0][114]	= settr(113,2,115,2,0,"else", 1, 2, 0);
	trans[0][115]	= settr(114,0,344,36,36,"row[leader[epoch[i]]] = k", 1, 2, 0); /* m: 116 -> 0,344 */
	reached0[116] = 1;
	trans[0][116]	= settr(0,0,0,0,0,"given[leader[epoch[i]]] = k",0,0,0);
	trans[0][122]	= settr(121,0,344,37,37,".(goto)", 1, 2, 0);
	trans[0][120]	= settr(119,2,122,2,0,"else", 1, 2, 0);
	T = trans[ 0][151] = settr(150,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(150,2,131,0,0,"ATOMIC", 1, 2, 0);
	T = trans[ 0][131] = settr(130,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(130,0,124,0,0,"sub-sequence", 1, 2, 0);
	trans[0][124]	= settr(123,2,128,38,38,"i = 0", 1, 2, 0);
	trans[0][129]	= settr(128,2,128,1,0,".(goto)", 1, 2, 0);
	T = trans[0][128] = settr(127,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(127,2,127,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(127,2,125,0,0,"DO", 1, 2, 0);
	trans[0][127]	= settr(126,2,136,39,39,"goto :b9", 1, 2, 0); /* m: 132 -> 0,136 */
	reached0[132] = 1;
	trans[0][125]	= settr(124,2,128,40,40,"((i<2))", 1, 2, 0); /* m: 126 -> 128,0 */
	reached0[126] = 1;
	trans[0][126]	= settr(0,0,0,0,0,"i = (i+1)",0,0,0);
	trans[0][130]	= settr(129,2,132,1,0,"break", 1, 2, 0);
	trans[0][132]	= settr(131,2,136,41,41,"k = 0", 1, 2, 0);
	trans[0][137]	= settr(136,2,136,1,0,".(goto)", 1, 2, 0);
	T = trans[0][136] = settr(135,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(135,2,133,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(135,2,135,0,0,"DO", 1, 2, 0);
	trans[0][133]	= settr(132,2,136,42,42,"(((k+1)<rows))", 1, 2, 0); /* m: 134 -> 136,0 */
	reached0[134] = 1;
	trans[0][134]	= settr(0,0,0,0,0,"k = (k+1)",0,0,0);
	trans[0][135]	= settr(134,2,149,1,0,"goto :b10", 1, 2, 0);
	trans[0][138]	= settr(137,2,149,1,0,"break", 1, 2, 0);
	T = trans[0][149] = settr(148,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(148,2,139,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(148,2,148,0,0,"IF", 1, 2, 0);
	trans[0][139]	= settr(138,2,147,43,0,"((((alive[i]&&(promised[i]==epoch[i]))&&(r[k].epoch==epoch[i]))&&(((r[k].epoch*8)+r[k].n)>((r[row[i]].epoch*8)+r[row[i]].n))))", 1, 2, 0);
	T = trans[ 0][147] = settr(146,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(146,0,145,0,0,"sub-sequence", 1, 2, 0);
	T = trans[0][145] = settr(144,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(144,2,140,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(144,2,142,0,0,"IF", 1, 2, 0);
	trans[0][140]	= settr(139,0,344,44,44,"((((leader[epoch[i]]==i)&&(r[k].primary==i))&&((r[given[i]].sync&~(r[k].sync))!=0)))", 1, 2, 0); /* m: 141 -> 344,0 */
	reached0[141] = 1;
	trans[0][141]	= settr(0,0,0,0,0,"row[i] = k",0,0,0);
	trans[0][146]	= settr(145,0,344,45,45,".(goto)", 1, 2, 0); /* m: 150 -> 0,344 */
	reached0[150] = 1;
	trans[0][142]	= settr(141,2,143,2,0,"else", 1, 2, 0);
	trans[0][143]	= settr(142,0,344,46,46,"row[i] = k", 1, 2, 0); /* m: 144 -> 0,344 */
	reached0[144] = 1;
	trans[0][144]	= settr(0,0,0,0,0,"given[i] = k",0,0,0);
	trans[0][150]	= settr(149,0,344,47,47,".(goto)", 1, 2, 0);
	trans[0][148]	= settr(147,2,150,2,0,"else", 1, 2, 0);
	T = trans[ 0][173] = settr(172,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(172,2,159,0,0,"ATOMIC", 1, 2, 0);
	T = trans[ 0][159] = settr(158,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(158,0,152,0,0,"sub-sequence", 1, 2, 0);
	trans[0][152]	= settr(151,2,156,48,48,"i = 0", 1, 2, 0);
	trans[0][157]	= settr(156,2,156,1,0,".(goto)", 1, 2, 0);
	T = trans[0][156] = settr(155,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(155,2,155,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(155,2,153,0,0,"DO", 1, 2, 0);
	trans[0][155]	= settr(154,2,167,1,0,"goto :b11", 1, 2, 0);
	trans[0][153]	= settr(152,2,156,49,49,"((i<2))", 1, 2, 0); /* m: 154 -> 156,0 */
	reached0[154] = 1;
	trans[0][154]	= settr(0,0,0,0,0,"i = (i+1)",0,0,0);
	trans[0][158]	= settr(157,2,167,1,0,"break", 1, 2, 0);
	T = trans[ 0][167] = settr(166,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(166,0,160,0,0,"sub-sequence", 1, 2, 0);
	trans[0][160]	= settr(159,2,164,50,50,"j = 0", 1, 2, 0);
	trans[0][165]	= settr(164,2,164,1,0,".(goto)", 1, 2, 0);
	T = trans[0][164] = settr(163,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(163,2,163,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(163,2,161,0,0,"DO", 1, 2, 0);
	trans[0][163]	= settr(162,2,171,1,0,"goto :b12", 1, 2, 0);
	trans[0][161]	= settr(160,2,164,51,51,"((j<2))", 1, 2, 0); /* m: 162 -> 164,0 */
	reached0[162] = 1;
	trans[0][162]	= settr(0,0,0,0,0,"j = (j+1)",0,0,0);
	trans[0][166]	= settr(165,2,171,1,0,"break", 1, 2, 0);
	T = trans[0][171] = settr(170,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(170,2,168,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(170,2,170,0,0,"IF", 1, 2, 0);
	trans[0][168]	= settr(167,0,344,52,52,"((((((i!=j)&&alive[i])&&(given[i]!=row[i]))&&(epoch[j]==epoch[i]))&&(((r[row[j]].epoch*8)+r[row[j]].n)>=((r[row[i]].epoch*8)+r[row[i]].n))))", 1, 2, 0); /* m: 169 -> 344,0 */
	reached0[169] = 1;
	trans[0][169]	= settr(0,0,0,0,0,"given[i] = row[i]",0,0,0);
	trans[0][172]	= settr(171,0,344,53,53,".(goto)", 1, 2, 0);
	trans[0][170]	= settr(169,2,172,2,0,"else", 1, 2, 0);
	T = trans[ 0][185] = settr(184,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(184,2,174,0,0,"ATOMIC", 1, 2, 0);
	trans[0][174]	= settr(173,2,183,54,54,"(((faults>0)&&(proposed==0)))", 1, 2, 0); /* m: 175 -> 183,0 */
	reached0[175] = 1;
	trans[0][175]	= settr(0,0,0,0,0,"faults = (faults-1)",0,0,0);
	T = trans[ 0][183] = settr(182,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(182,0,176,0,0,"sub-sequence", 1, 2, 0);
	trans[0][176]	= settr(175,2,180,55,55,"i = 0", 1, 2, 0);
	trans[0][181]	= settr(180,2,180,1,0,".(goto)", 1, 2, 0);
	T = trans[0][180] = settr(179,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(179,2,179,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(179,2,177,0,0,"DO", 1, 2, 0);
	trans[0][179]	= settr(178,2,182,1,0,"goto :b13", 1, 2, 0);
	trans[0][177]	= settr(176,2,180,56,56,"((i<2))", 1, 2, 0); /* m: 178 -> 180,0 */
	reached0[178] = 1;
	trans[0][178]	= settr(0,0,0,0,0,"i = (i+1)",0,0,0);
	trans[0][182]	= settr(181,2,184,1,0,"break", 1, 2, 0);
	trans[0][184]	= settr(183,0,344,57,57,"alive[i] = 0", 1, 2, 0);
	T = trans[ 0][235] = settr(234,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(234,2,186,0,0,"ATOMIC", 1, 2, 0);
	trans[0][186]	= settr(185,2,194,58,0,"((((proposed==0)&&(last_epoch<3))&&(rows<6)))", 1, 2, 0);
	T = trans[ 0][194] = settr(193,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(193,0,187,0,0,"sub-sequence", 1, 2, 0);
	trans[0][187]	= settr(186,2,191,59,59,"i = 0", 1, 2, 0);
	trans[0][192]	= settr(191,2,191,1,0,".(goto)", 1, 2, 0);
	T = trans[0][191] = settr(190,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(190,2,190,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(190,2,188,0,0,"DO", 1, 2, 0);
	trans[0][190]	= settr(189,2,233,60,60,"goto :b14", 1, 2, 0); /* m: 195 -> 0,233 */
	reached0[195] = 1;
	trans[0][188]	= settr(187,2,191,61,61,"((i<2))", 1, 2, 0); /* m: 189 -> 191,0 */
	reached0[189] = 1;
	trans[0][189]	= settr(0,0,0,0,0,"i = (i+1)",0,0,0);
	trans[0][193]	= settr(192,2,195,1,0,"break", 1, 2, 0);
	trans[0][195]	= settr(194,2,233,62,62,"out_of_it = 0", 1, 2, 0); /* m: 196 -> 0,233 */
	reached0[196] = 1;
	trans[0][196]	= settr(0,0,0,0,0,"yields = 0",0,0,0);
	T = trans[0][233] = settr(232,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(232,2,197,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(232,2,232,0,0,"IF", 1, 2, 0);
	trans[0][197]	= settr(196,2,207,63,0,"((alive[i]&&(epoch[i]==last_epoch)))", 1, 2, 0);
	T = trans[0][207] = settr(206,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(206,2,198,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(206,2,200,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(206,2,202,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(206,2,205,0,0,"IF", 1, 2, 0);
	trans[0][198]	= settr(197,2,199,64,0,"((leader[epoch[i]]==i))", 1, 2, 0);
	trans[0][199]	= settr(198,2,225,1,0,"(1)", 1, 2, 0);
	trans[0][208]	= settr(207,2,225,1,0,".(goto)", 1, 2, 0);
	trans[0][200]	= settr(199,2,201,65,0,"((!((leader[epoch[i]]==i))&&!(alive[leader[epoch[i]]])))", 1, 2, 0);
	trans[0][201]	= settr(200,2,225,1,0,"(1)", 1, 2, 0);
	trans[0][202]	= settr(201,2,225,66,66,"(((!((leader[epoch[i]]==i))&&alive[leader[epoch[i]]])&&(faults>0)))", 1, 2, 0); /* m: 203 -> 225,0 */
	reached0[203] = 1;
	trans[0][203]	= settr(0,0,0,0,0,"faults = (faults-1)",0,0,0);
	trans[0][204]	= settr(0,0,0,0,0,"out_of_it = (1<<leader[epoch[i]])",0,0,0);
	trans[0][205]	= settr(204,2,225,67,67,"((!((leader[epoch[i]]==i))&&alive[leader[epoch[i]]]))", 1, 2, 0); /* m: 206 -> 225,0 */
	reached0[206] = 1;
	trans[0][206]	= settr(0,0,0,0,0,"yields = 1",0,0,0);
	T = trans[0][225] = settr(224,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(224,2,209,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(224,2,224,0,0,"IF", 1, 2, 0);
	trans[0][209]	= settr(208,2,218,68,68,"(((faults>0)&&(out_of_it==0)))", 1, 2, 0); /* m: 210 -> 218,0 */
	reached0[210] = 1;
	trans[0][210]	= settr(0,0,0,0,0,"faults = (faults-1)",0,0,0);
	T = trans[ 0][218] = settr(217,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(217,0,211,0,0,"sub-sequence", 1, 2, 0);
	trans[0][211]	= settr(210,2,215,69,69,"j = 0", 1, 2, 0);
	trans[0][216]	= settr(215,2,215,1,0,".(goto)", 1, 2, 0);
	T = trans[0][215] = settr(214,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(214,2,214,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(214,2,212,0,0,"DO", 1, 2, 0);
	trans[0][214]	= settr(213,2,222,1,0,"goto :b15", 1, 2, 0);
	trans[0][212]	= settr(211,2,215,70,70,"((j<2))", 1, 2, 0); /* m: 213 -> 215,0 */
	reached0[213] = 1;
	trans[0][213]	= settr(0,0,0,0,0,"j = (j+1)",0,0,0);
	trans[0][217]	= settr(216,2,222,1,0,"break", 1, 2, 0);
	T = trans[0][222] = settr(221,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(221,2,219,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(221,2,221,0,0,"IF", 1, 2, 0);
	trans[0][219]	= settr(218,0,344,71,71,"((j!=i))", 1, 2, 0); /* m: 220 -> 344,0 */
	reached0[220] = 1;
	trans[0][220]	= settr(0,0,0,0,0,"out_of_it = (1<<j)",0,0,0);
	trans[0][223]	= settr(222,2,227,1,0,".(goto)", 1, 2, 0); /* m: 227 -> 0,344 */
	reached0[227] = 1;
	trans[0][221]	= settr(220,2,227,2,0,"else", 1, 2, 0);
	trans[0][226]	= settr(225,2,227,1,0,".(goto)", 1, 2, 0); /* m: 227 -> 0,344 */
	reached0[227] = 1;
	trans[0][224]	= settr(223,0,344,72,72,"(1)", 1, 2, 0); /* m: 227 -> 344,0 */
	reached0[227] = 1;
	trans[0][227]	= settr(226,0,344,73,73,"proposed = (last_epoch+1)", 1, 2, 0); /* m: 228 -> 0,344 */
	reached0[228] = 1;
	trans[0][228]	= settr(0,0,0,0,0,"by = i",0,0,0);
	trans[0][229]	= settr(0,0,0,0,0,"promised[i] = proposed",0,0,0);
	trans[0][230]	= settr(0,0,0,0,0,"told[i] = row[i]",0,0,0);
	trans[0][231]	= settr(0,0,0,0,0,"has_told = (1<<i)",0,0,0);
	trans[0][234]	= settr(233,0,344,74,74,".(goto)", 1, 2, 0);
	trans[0][232]	= settr(231,2,234,2,0,"else", 1, 2, 0);
	T = trans[ 0][252] = settr(251,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(251,2,236,0,0,"ATOMIC", 1, 2, 0);
	trans[0][236]	= settr(235,2,244,75,0,"((proposed!=0))", 1, 2, 0);
	T = trans[ 0][244] = settr(243,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(243,0,237,0,0,"sub-sequence", 1, 2, 0);
	trans[0][237]	= settr(236,2,241,76,76,"i = 0", 1, 2, 0);
	trans[0][242]	= settr(241,2,241,1,0,".(goto)", 1, 2, 0);
	T = trans[0][241] = settr(240,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(240,2,240,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(240,2,238,0,0,"DO", 1, 2, 0);
	trans[0][240]	= settr(239,2,250,1,0,"goto :b16", 1, 2, 0);
	trans[0][238]	= settr(237,2,241,77,77,"((i<2))", 1, 2, 0); /* m: 239 -> 241,0 */
	reached0[239] = 1;
	trans[0][239]	= settr(0,0,0,0,0,"i = (i+1)",0,0,0);
	trans[0][243]	= settr(242,2,250,1,0,"break", 1, 2, 0);
	T = trans[0][250] = settr(249,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(249,2,245,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(249,2,249,0,0,"IF", 1, 2, 0);
	trans[0][245]	= settr(244,0,344,78,78,"(((((alive[i]&&(i!=by))&&!(((has_told>>i)&1)))&&(promised[i]<proposed))&&(!(((out_of_it>>i)&1))||(leader[epoch[i]]!=i))))", 1, 2, 0); /* m: 246 -> 344,0 */
	reached0[246] = 1;
	trans[0][246]	= settr(0,0,0,0,0,"promised[i] = proposed",0,0,0);
	trans[0][247]	= settr(0,0,0,0,0,"told[i] = row[i]",0,0,0);
	trans[0][248]	= settr(0,0,0,0,0,"has_told = (has_told|(1<<i))",0,0,0);
	trans[0][251]	= settr(250,0,344,79,79,".(goto)", 1, 2, 0);
	trans[0][249]	= settr(248,2,251,2,0,"else", 1, 2, 0);
	T = trans[ 0][321] = settr(320,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(320,2,253,0,0,"ATOMIC", 1, 2, 0);
	trans[0][253]	= settr(252,2,320,80,80,"((((((proposed!=0)&&( (alive[0]) -> ((((has_told|out_of_it)>>0)&1)) : (1) ))&&( (alive[1]) -> ((((has_told|out_of_it)>>1)&1)) : (1) ))&&( (alive[2]) -> ((((has_told|out_of_it)>>2)&1)) : (1) ))&&alive[by]))", 1, 2, 0); /* m: 254 -> 320,0 */
	reached0[254] = 1;
	trans[0][254]	= settr(0,0,0,0,0,"has_told = (has_told&~((255&0)))",0,0,0);
	T = trans[ 0][320] = settr(319,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(319,0,255,0,0,"sub-sequence", 1, 2, 0);
	trans[0][255]	= settr(254,2,266,81,81,"best = 255", 1, 2, 0); /* m: 256 -> 0,266 */
	reached0[256] = 1;
	trans[0][256]	= settr(0,0,0,0,0,"j = 0",0,0,0);
	trans[0][267]	= settr(266,2,266,1,0,".(goto)", 1, 2, 0);
	T = trans[0][266] = settr(265,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(265,2,257,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(265,2,264,0,0,"DO", 1, 2, 0);
	trans[0][257]	= settr(256,2,261,82,0,"((j<=2))", 1, 2, 0);
	T = trans[0][261] = settr(260,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(260,2,258,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(260,2,260,0,0,"IF", 1, 2, 0);
	trans[0][258]	= settr(257,2,266,83,83,"((((has_told>>j)&1)&&((best==255)||(((r[told[j]].epoch*8)+r[told[j]].n)>((r[best].epoch*8)+r[best].n)))))", 1, 2, 0); /* m: 259 -> 266,0 */
	reached0[259] = 1;
	trans[0][259]	= settr(0,0,0,0,0,"best = told[j]",0,0,0);
	trans[0][262]	= settr(261,2,263,1,0,".(goto)", 1, 2, 0); /* m: 263 -> 0,266 */
	reached0[263] = 1;
	trans[0][260]	= settr(259,2,263,2,0,"else", 1, 2, 0);
	trans[0][263]	= settr(262,2,266,84,84,"j = (j+1)", 1, 2, 0);
	trans[0][264]	= settr(263,2,269,2,0,"else", 1, 2, 0);
	trans[0][265]	= settr(264,2,269,1,0,"goto :b17", 1, 2, 0); /* m: 269 -> 0,293 */
	reached0[269] = 1;
	trans[0][268]	= settr(267,2,269,1,0,"break", 1, 2, 0);
	trans[0][269]	= settr(268,2,293,85,85,"k = rows", 1, 2, 0); /* m: 270 -> 0,293 */
	reached0[270] = 1;
	trans[0][270]	= settr(0,0,0,0,0,"rows = (rows+1)",0,0,0);
	trans[0][271]	= settr(0,0,0,0,0,"r[k].epoch = proposed",0,0,0);
	trans[0][272]	= settr(0,0,0,0,0,"r[k].n = 0",0,0,0);
	trans[0][273]	= settr(0,0,0,0,0,"r[k].sync = (r[best].sync&has_told)",0,0,0);
	T = trans[0][293] = settr(292,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(292,2,274,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(292,2,276,0,0,"IF", 1, 2, 0);
	trans[0][274]	= settr(273,2,301,86,86,"(((has_told>>r[best].primary)&1))", 1, 2, 0); /* m: 275 -> 301,0 */
	reached0[275] = 1;
	trans[0][275]	= settr(0,0,0,0,0,"r[k].primary = r[best].primary",0,0,0);
	trans[0][294]	= settr(293,2,295,1,0,".(goto)", 1, 2, 0); /* m: 295 -> 0,301 */
	reached0[295] = 1;
	trans[0][276]	= settr(275,2,291,2,0,"else", 1, 2, 0);
	T = trans[0][291] = settr(290,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(290,2,277,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(290,2,281,0,0,"IF", 1, 2, 0);
	trans[0][277]	= settr(276,2,301,87,87,"((r[k].sync==0))", 1, 2, 0); /* m: 278 -> 301,0 */
	reached0[278] = 1;
	trans[0][278]	= settr(0,0,0,0,0,"stale = 1",0,0,0);
	trans[0][279]	= settr(0,0,0,0,0,"r[k].primary = by",0,0,0);
	trans[0][280]	= settr(0,0,0,0,0,"r[k].sync = (1<<by)",0,0,0);
	trans[0][292]	= settr(291,2,295,1,0,".(goto)", 1, 2, 0); /* m: 295 -> 0,301 */
	reached0[295] = 1;
	trans[0][281]	= settr(280,2,282,2,0,"else", 1, 2, 0);
	trans[0][282]	= settr(281,2,287,88,88,"j = 0", 1, 2, 0);
	trans[0][288]	= settr(287,2,287,1,0,".(goto)", 1, 2, 0);
	T = trans[0][287] = settr(286,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(286,2,283,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(286,2,285,0,0,"DO", 1, 2, 0);
	trans[0][283]	= settr(282,2,301,89,89,"(((r[k].sync>>j)&1))", 1, 2, 0); /* m: 290 -> 301,0 */
	reached0[290] = 1;
	trans[0][284]	= settr(283,2,290,1,0,"goto :b18", 1, 2, 0); /* m: 290 -> 0,301 */
	reached0[290] = 1;
	trans[0][285]	= settr(284,2,286,2,0,"else", 1, 2, 0);
	trans[0][286]	= settr(285,2,287,90,90,"j = (j+1)", 1, 2, 0);
	trans[0][289]	= settr(288,2,290,1,0,"break", 1, 2, 0);
	trans[0][290]	= settr(289,2,301,91,91,"r[k].primary = j", 1, 2, 0); /* m: 295 -> 0,301 */
	reached0[295] = 1;
	trans[0][295]	= settr(294,2,301,92,92,"j = 0", 1, 2, 0);
	trans[0][302]	= settr(301,2,301,1,0,".(goto)", 1, 2, 0);
	T = trans[0][301] = settr(300,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(300,2,296,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(300,2,299,0,0,"DO", 1, 2, 0);
	trans[0][296]	= settr(295,2,301,93,93,"((j<=2))", 1, 2, 0); /* m: 297 -> 301,0 */
	reached0[297] = 1;
	trans[0][297]	= settr(0,0,0,0,0,"assert(((stale||!(((r[k].sync>>j)&1)))||((has[j]&acked)==acked)))",0,0,0);
	trans[0][298]	= settr(0,0,0,0,0,"j = (j+1)",0,0,0);
	trans[0][299]	= settr(298,2,304,2,0,"else", 1, 2, 0);
	trans[0][300]	= settr(299,2,304,1,0,"goto :b19", 1, 2, 0); /* m: 304 -> 0,316 */
	reached0[304] = 1;
	trans[0][303]	= settr(302,2,304,1,0,"break", 1, 2, 0);
	trans[0][304]	= settr(303,2,316,94,94,"leader[proposed] = by", 1, 2, 0); /* m: 305 -> 0,316 */
	reached0[305] = 1;
	trans[0][305]	= settr(0,0,0,0,0,"first[proposed] = k",0,0,0);
	trans[0][306]	= settr(0,0,0,0,0,"last_epoch = proposed",0,0,0);
	trans[0][307]	= settr(0,0,0,0,0,"epoch[by] = proposed",0,0,0);
	trans[0][308]	= settr(0,0,0,0,0,"promised[by] = proposed",0,0,0);
	T = trans[ 0][316] = settr(315,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(315,0,314,0,0,"sub-sequence", 1, 2, 0);
	T = trans[0][314] = settr(313,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(313,2,309,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(313,2,311,0,0,"IF", 1, 2, 0);
	trans[0][309]	= settr(308,0,344,95,95,"((((leader[epoch[by]]==by)&&(r[k].primary==by))&&((r[given[by]].sync&~(r[k].sync))!=0)))", 1, 2, 0); /* m: 310 -> 344,0 */
	reached0[310] = 1;
	trans[0][310]	= settr(0,0,0,0,0,"row[by] = k",0,0,0);
	trans[0][315]	= settr(314,2,317,1,0,".(goto)", 1, 2, 0); /* m: 317 -> 0,344 */
	reached0[317] = 1;
	trans[0][311]	= settr(310,2,312,2,0,"else", 1, 2, 0);
	trans[0][312]	= settr(311,0,344,96,96,"row[by] = k", 1, 2, 0); /* m: 313 -> 0,344 */
	reached0[313] = 1;
	trans[0][313]	= settr(0,0,0,0,0,"given[by] = k",0,0,0);
	trans[0][317]	= settr(316,0,344,97,97,"proposed = 0", 1, 2, 0); /* m: 318 -> 0,344 */
	reached0[318] = 1;
	trans[0][318]	= settr(0,0,0,0,0,"has_told = 0",0,0,0);
	trans[0][319]	= settr(0,0,0,0,0,"yields = 0",0,0,0);
	T = trans[ 0][343] = settr(342,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(342,2,329,0,0,"ATOMIC", 1, 2, 0);
	T = trans[ 0][329] = settr(328,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(328,0,322,0,0,"sub-sequence", 1, 2, 0);
	trans[0][322]	= settr(321,2,326,98,98,"i = 0", 1, 2, 0);
	trans[0][327]	= settr(326,2,326,1,0,".(goto)", 1, 2, 0);
	T = trans[0][326] = settr(325,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(325,2,325,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(325,2,323,0,0,"DO", 1, 2, 0);
	trans[0][325]	= settr(324,2,341,1,0,"goto :b20", 1, 2, 0);
	trans[0][323]	= settr(322,2,326,99,99,"((i<2))", 1, 2, 0); /* m: 324 -> 326,0 */
	reached0[324] = 1;
	trans[0][324]	= settr(0,0,0,0,0,"i = (i+1)",0,0,0);
	trans[0][328]	= settr(327,2,341,1,0,"break", 1, 2, 0);
	T = trans[0][341] = settr(340,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(340,2,330,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(340,2,340,0,0,"IF", 1, 2, 0);
	trans[0][330]	= settr(329,2,339,100,100,"(((alive[i]&&(epoch[i]<last_epoch))&&(promised[i]==last_epoch)))", 1, 2, 0); /* m: 331 -> 339,0 */
	reached0[331] = 1;
	trans[0][331]	= settr(0,0,0,0,0,"epoch[i] = last_epoch",0,0,0);
	T = trans[ 0][339] = settr(338,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(338,0,337,0,0,"sub-sequence", 1, 2, 0);
	T = trans[0][337] = settr(336,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(336,2,332,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(336,2,334,0,0,"IF", 1, 2, 0);
	trans[0][332]	= settr(331,0,344,101,101,"((((leader[epoch[i]]==i)&&(r[first[last_epoch]].primary==i))&&((r[given[i]].sync&~(r[first[last_epoch]].sync))!=0)))", 1, 2, 0); /* m: 333 -> 344,0 */
	reached0[333] = 1;
	trans[0][333]	= settr(0,0,0,0,0,"row[i] = first[last_epoch]",0,0,0);
	trans[0][338]	= settr(337,0,344,102,102,".(goto)", 1, 2, 0); /* m: 342 -> 0,344 */
	reached0[342] = 1;
	trans[0][334]	= settr(333,2,335,2,0,"else", 1, 2, 0);
	trans[0][335]	= settr(334,0,344,103,103,"row[i] = first[last_epoch]", 1, 2, 0); /* m: 336 -> 0,344 */
	reached0[336] = 1;
	trans[0][336]	= settr(0,0,0,0,0,"given[i] = first[last_epoch]",0,0,0);
	trans[0][342]	= settr(341,0,344,104,104,".(goto)", 1, 2, 0);
	trans[0][340]	= settr(339,2,342,2,0,"else", 1, 2, 0);
	trans[0][346]	= settr(345,0,347,1,0,"break", 0, 2, 0);
	trans[0][347]	= settr(346,0,0,105,105,"-end-", 0, 3500, 0);
	/* np_ demon: */
	trans[_NP_] = (Trans **) emalloc(3*sizeof(Trans *));
	T = trans[_NP_][0] = settr(9997,0,1,_T5,0,"(np_)", 1,2,0);
	    T->nxt	  = settr(9998,0,0,_T2,0,"(1)",   0,2,0);
	T = trans[_NP_][1] = settr(9999,0,1,_T5,0,"(np_)", 1,2,0);
}

Trans *
settr(	int t_id, int a, int b, int c, int d,
	char *t, int g, int tpe0, int tpe1)
{	Trans *tmp = (Trans *) emalloc(sizeof(Trans));

	tmp->atom  = a&(6|32);	/* only (2|8|32) have meaning */
	if (!g) tmp->atom |= 8;	/* no global references */
	tmp->st    = b;
	tmp->tpe[0] = tpe0;
	tmp->tpe[1] = tpe1;
	tmp->tp    = t;
	tmp->t_id  = t_id;
	tmp->forw  = c;
	tmp->back  = d;
	return tmp;
}

Trans *
cpytr(Trans *a)
{	Trans *tmp = (Trans *) emalloc(sizeof(Trans));

	int i;
	tmp->atom  = a->atom;
	tmp->st    = a->st;
#ifdef HAS_UNLESS
	tmp->e_trans = a->e_trans;
	for (i = 0; i < HAS_UNLESS; i++)
		tmp->escp[i] = a->escp[i];
#endif
	tmp->tpe[0] = a->tpe[0];
	tmp->tpe[1] = a->tpe[1];
	for (i = 0; i < 6; i++)
	{	tmp->qu[i] = a->qu[i];
		tmp->ty[i] = a->ty[i];
	}
	tmp->tp    = (char *) emalloc(strlen(a->tp)+1);
	strcpy(tmp->tp, a->tp);
	tmp->t_id  = a->t_id;
	tmp->forw  = a->forw;
	tmp->back  = a->back;
	return tmp;
}

#ifndef NOREDUCE
int
srinc_set(int n)
{	if (n <= 2) return LOCAL;
	if (n <= 2+  DELTA) return Q_FULL_F; /* 's' or nfull  */
	if (n <= 2+2*DELTA) return Q_EMPT_F; /* 'r' or nempty */
	if (n <= 2+3*DELTA) return Q_EMPT_T; /* empty */
	if (n <= 2+4*DELTA) return Q_FULL_T; /* full  */
	if (n ==   5*DELTA) return GLOBAL;
	if (n ==   6*DELTA) return TIMEOUT_F;
	if (n ==   7*DELTA) return ALPHA_F;
	Uerror("cannot happen srinc_class");
	return BAD;
}
int
srunc(int n, int m)
{	switch(m) {
	case Q_FULL_F: return n-2;
	case Q_EMPT_F: return n-2-DELTA;
	case Q_EMPT_T: return n-2-2*DELTA;
	case Q_FULL_T: return n-2-3*DELTA;
	case ALPHA_F:
	case TIMEOUT_F: return 257; /* non-zero, and > MAXQ */
	}
	Uerror("cannot happen srunc");
	return 0;
}
#endif
int cnt;
#ifdef HAS_UNLESS
int
isthere(Trans *a, int b)
{	Trans *t;
	for (t = a; t; t = t->nxt)
		if (t->t_id == b)
			return 1;
	return 0;
}
#endif
#ifndef NOREDUCE
int
mark_safety(Trans *t) /* for conditional safety */
{	int g = 0, i, j, k;

	if (!t) return 0;
	if (t->qu[0])
		return (t->qu[1])?2:1;	/* marked */

	for (i = 0; i < 2; i++)
	{	j = srinc_set(t->tpe[i]);
		if (j >= GLOBAL && j != ALPHA_F)
			return -1;
		if (j != LOCAL)
		{	k = srunc(t->tpe[i], j);
			if (g == 0
			||  t->qu[0] != k
			||  t->ty[0] != j)
			{	t->qu[g] = k;
				t->ty[g] = j;
				g++;
	}	}	}
	return g;
}
#endif
void
retrans(int n, int m, int is, short srcln[], uchar reach[], uchar lpstate[])
	/* process n, with m states, is=initial state */
{	Trans *T0, *T1, *T2, *T3;
	Trans *T4, *T5; /* t_reverse or has_unless */
	int i;
#if defined(HAS_UNLESS) || !defined(NOREDUCE)
	int k;
#endif
#ifndef NOREDUCE
	int g, h, j, aa;
#endif
#ifdef HAS_UNLESS
	int p;
#endif
	if (state_tables >= 4)
	{	printf("STEP 1 %s\n", 
			procname[n]);
		for (i = 1; i < m; i++)
		for (T0 = trans[n][i]; T0; T0 = T0->nxt)
			crack(n, i, T0, srcln);
		return;
	}
	do {
		for (i = 1, cnt = 0; i < m; i++)
		{	T2 = trans[n][i];
			T1 = T2?T2->nxt:(Trans *)0;
/* prescan: */		for (T0 = T1; T0; T0 = T0->nxt)
/* choice in choice */	{	if (T0->st && trans[n][T0->st]
				&&  trans[n][T0->st]->nxt)
					break;
			}
#if 0
		if (T0)
		printf("\tstate %d / %d: choice in choice\n",
		i, T0->st);
#endif
			if (T0)
			for (T0 = T1; T0; T0 = T0->nxt)
			{	T3 = trans[n][T0->st];
				if (!T3->nxt)
				{	T2->nxt = cpytr(T0);
					T2 = T2->nxt;
					imed(T2, T0->st, n, i);
					continue;
				}
				do {	T3 = T3->nxt;
					T2->nxt = cpytr(T3);
					T2 = T2->nxt;
					imed(T2, T0->st, n, i);
				} while (T3->nxt);
				cnt++;
			}
		}
	} while (cnt);
	if (state_tables >= 3)
	{	printf("STEP 2 %s\n", 
			procname[n]);
		for (i = 1; i < m; i++)
		for (T0 = trans[n][i]; T0; T0 = T0->nxt)
			crack(n, i, T0, srcln);
		return;
	}
	for (i = 1; i < m; i++)
	{	if (trans[n][i] && trans[n][i]->nxt) /* optimize */
		{	T1 = trans[n][i]->nxt;
#if 0
			printf("\t\tpull %d (%d) to %d\n",
			T1->st, T1->forw, i);
#endif
			srcln[i] = srcln[T1->st];	/* Oyvind Teig, 5.2.0 */

			if (!trans[n][T1->st]) continue;
			T0 = cpytr(trans[n][T1->st]);
			trans[n][i] = T0;
			reach[T1->st] = 1;
			imed(T0, T1->st, n, i);
			for (T1 = T1->nxt; T1; T1 = T1->nxt)
			{
#if 0
			printf("\t\tpull %d (%d) to %d\n",
				T1->st, T1->forw, i);
#endif
		/*		srcln[i] = srcln[T1->st];  gh: not useful */
				if (!trans[n][T1->st]) continue;
				T0->nxt = cpytr(trans[n][T1->st]);
				T0 = T0->nxt;
				reach[T1->st] = 1;
				imed(T0, T1->st, n, i);
	}	}	}
	if (state_tables >= 2)
	{	printf("STEP 3 %s\n", 
			procname[n]);
		for (i = 1; i < m; i++)
		for (T0 = trans[n][i]; T0; T0 = T0->nxt)
			crack(n, i, T0, srcln);
		return;
	}
#ifdef HAS_UNLESS
	for (i = 1; i < m; i++)
	{	if (!trans[n][i]) continue;
		/* check for each state i if an
		 * escape to some state p is defined
		 * if so, copy and mark p's transitions
		 * and prepend them to the transition-
		 * list of state i
		 */
	 if (!like_java) /* the default */
	 {	for (T0 = trans[n][i]; T0; T0 = T0->nxt)
		for (k = HAS_UNLESS-1; k >= 0; k--)
		{	if (p = T0->escp[k])
			for (T1 = trans[n][p]; T1; T1 = T1->nxt)
			{	if (isthere(trans[n][i], T1->t_id))
					continue;
				T2 = cpytr(T1);
				T2->e_trans = p;
				T2->nxt = trans[n][i];
				trans[n][i] = T2;
		}	}
	 } else /* outermost unless checked first */
	 {	T4 = T3 = (Trans *) 0;
		for (T0 = trans[n][i]; T0; T0 = T0->nxt)
		for (k = HAS_UNLESS-1; k >= 0; k--)
		{	if (p = T0->escp[k])
			for (T1 = trans[n][p]; T1; T1 = T1->nxt)
			{	if (isthere(trans[n][i], T1->t_id))
					continue;
				T2 = cpytr(T1);
				T2->nxt = (Trans *) 0;
				T2->e_trans = p;
				if (T3)	T3->nxt = T2;
				else	T4 = T2;
				T3 = T2;
		}	}
		if (T4)
		{	T3->nxt = trans[n][i];
			trans[n][i] = T4;
		}
	 }
	}
#endif
#ifndef NOREDUCE
	for (i = 1; i < m; i++)
	{	if (a_cycles)
		{ /* moves through these states are visible */
	#if PROG_LAB>0 && defined(HAS_NP)
			if (progstate[n][i])
				goto degrade;
			for (T1 = trans[n][i]; T1; T1 = T1->nxt)
				if (progstate[n][T1->st])
					goto degrade;
	#endif
			if (accpstate[n][i] || visstate[n][i])
				goto degrade;
			for (T1 = trans[n][i]; T1; T1 = T1->nxt)
				if (accpstate[n][T1->st])
					goto degrade;
		}
		T1 = trans[n][i];
		if (!T1) continue;
		g = mark_safety(T1);	/* V3.3.1 */
		if (g < 0) goto degrade; /* global */
		/* check if mixing of guards preserves reduction */
		if (T1->nxt)
		{	k = 0;
			for (T0 = T1; T0; T0 = T0->nxt)
			{	if (!(T0->atom&8))
					goto degrade;
				for (aa = 0; aa < 2; aa++)
				{	j = srinc_set(T0->tpe[aa]);
					if (j >= GLOBAL && j != ALPHA_F)
						goto degrade;
					if (T0->tpe[aa]
					&&  T0->tpe[aa]
					!=  T1->tpe[0])
						k = 1;
			}	}
			/* g = 0;	V3.3.1 */
			if (k)	/* non-uniform selection */
			for (T0 = T1; T0; T0 = T0->nxt)
			for (aa = 0; aa < 2; aa++)
			{	j = srinc_set(T0->tpe[aa]);
				if (j != LOCAL)
				{	k = srunc(T0->tpe[aa], j);
					for (h = 0; h < 6; h++)
						if (T1->qu[h] == k
						&&  T1->ty[h] == j)
							break;
					if (h >= 6)
					{	T1->qu[g%6] = k;
						T1->ty[g%6] = j;
						g++;
			}	}	}
			if (g > 6)
			{	T1->qu[0] = 0;	/* turn it off */
				printf("pan: warning, line %d, ",
					srcln[i]);
			 	printf("too many stmnt types (%d)",
					g);
			  	printf(" in selection\n");
			  goto degrade;
			}
		}
		/* mark all options global if >=1 is global */
		for (T1 = trans[n][i]; T1; T1 = T1->nxt)
			if (!(T1->atom&8)) break;
		if (T1)
degrade:	for (T1 = trans[n][i]; T1; T1 = T1->nxt)
			T1->atom &= ~8;	/* mark as unsafe */
		/* can only mix 'r's or 's's if on same chan */
		/* and not mixed with other local operations */
		T1 = trans[n][i];
		if (!T1 || T1->qu[0]) continue;
		j = T1->tpe[0];
		if (T1->nxt && T1->atom&8)
		{ if (j == 5*DELTA)
		  {	printf("warning: line %d ", srcln[i]);
			printf("mixed condition ");
			printf("(defeats reduction)\n");
			goto degrade;
		  }
		  for (T0 = T1; T0; T0 = T0->nxt)
		  for (aa = 0; aa < 2; aa++)
		  if  (T0->tpe[aa] && T0->tpe[aa] != j)
		  {	printf("warning: line %d ", srcln[i]);
			printf("[%d-%d] mixed %stion ",
				T0->tpe[aa], j, 
				(j==5*DELTA)?"condi":"selec");
			printf("(defeats reduction)\n");
			printf("	'%s' <-> '%s'\n",
				T1->tp, T0->tp);
			goto degrade;
		} }
	}
#endif
	for (i = 1; i < m; i++)
	{	T2 = trans[n][i];
		if (!T2
		||  T2->nxt
		||  strncmp(T2->tp, ".(goto)", 7)
		||  !stopstate[n][i])
			continue;
		stopstate[n][T2->st] = 1;
	}
	if (state_tables && !verbose)
	{	if (dodot)
		{	char buf[256], *q = buf, *p = procname[n];
			while (*p != '\0')
			{	if (*p != ':')
				{	*q++ = *p;
				}
				p++;
			}
			*q = '\0';
			printf("digraph ");
			switch (Btypes[n]) {
			case I_PROC:  printf("init {\n"); break;
			case N_CLAIM: printf("claim_%s {\n", buf); break;
			case E_TRACE: printf("notrace {\n"); break;
			case N_TRACE: printf("trace {\n"); break;
			default:      printf("p_%s {\n", buf); break;
			}
			printf("size=\"8,10\";\n");
			printf("  GT [shape=box,style=dotted,label=\"%s\"];\n", buf);
			printf("  GT -> S%d;\n", is);
		} else
		{	switch (Btypes[n]) {
			case I_PROC:  printf("init\n"); break;
			case N_CLAIM: printf("claim %s\n", procname[n]); break;
			case E_TRACE: printf("notrace assertion\n"); break;
			case N_TRACE: printf("trace assertion\n"); break;
			default:      printf("proctype %s\n", procname[n]); break;
		}	}
		for (i = 1; i < m; i++)
		{	reach[i] = 1;
		}
		tagtable(n, m, is, srcln, reach);
		if (dodot) printf("}\n");
	} else
	for (i = 1; i < m; i++)
	{	int nrelse;
		if (Btypes[n] != N_CLAIM)
		{	for (T0 = trans[n][i]; T0; T0 = T0->nxt)
			{	if (T0->st == i
				&& strcmp(T0->tp, "(1)") == 0)
				{	printf("error: proctype '%s' ",
						procname[n]);
		  			printf("line %d, state %d: has un",
						srcln[i], i);
					printf("conditional self-loop\n");
					pan_exit(1);
		}	}	}
		nrelse = 0;
		for (T0 = trans[n][i]; T0; T0 = T0->nxt)
		{	if (strcmp(T0->tp, "else") == 0)
				nrelse++;
		}
		if (nrelse > 1)
		{	printf("error: proctype '%s' state",
				procname[n]);
		  	printf(" %d, inherits %d", i, nrelse);
		  	printf(" 'else' stmnts\n");
			pan_exit(1);
	}	}
#if !defined(LOOPSTATE) && !defined(BFS_PAR)
	if (state_tables)
#endif
	do_dfs(n, m, is, srcln, reach, lpstate);

	if (!t_reverse)
	{	return;
	}
	/* process n, with m states, is=initial state -- reverse list */
	if (!state_tables && Btypes[n] != N_CLAIM)
	{	for (i = 1; i < m; i++)
		{	Trans *Tx = (Trans *) 0; /* list of escapes */
			Trans *Ty = (Trans *) 0; /* its tail element */
			T1 = (Trans *) 0; /* reversed list */
			T2 = (Trans *) 0; /* its tail */
			T3 = (Trans *) 0; /* remembers possible 'else' */

			/* find unless-escapes, they should go first */
			T4 = T5 = T0 = trans[n][i];
	#ifdef HAS_UNLESS
			while (T4 && T4->e_trans) /* escapes are first in orig list */
			{	T5 = T4;	  /* remember predecessor */
				T4 = T4->nxt;
			}
	#endif
			/* T4 points to first non-escape, T5 to its parent, T0 to original list */
			if (T4 != T0)		 /* there was at least one escape */
			{	T3 = T5->nxt;		 /* start of non-escapes */
				T5->nxt = (Trans *) 0;	 /* separate */
				Tx = T0;		 /* start of the escapes */
				Ty = T5;		 /* its tail */
				T0 = T3;		 /* the rest, to be reversed */
			}
			/* T0 points to first non-escape, Tx to the list of escapes, Ty to its tail */

			/* first tail-add non-escape transitions, reversed */
			T3 = (Trans *) 0;
			for (T5 = T0; T5; T5 = T4)
			{	T4 = T5->nxt;
	#ifdef HAS_UNLESS
				if (T5->e_trans)
				{	printf("error: cannot happen!\n");
					continue;
				}
	#endif
				if (strcmp(T5->tp, "else") == 0)
				{	T3 = T5;
					T5->nxt = (Trans *) 0;
				} else
				{	T5->nxt = T1;
					if (!T1) { T2 = T5; }
					T1 = T5;
			}	}
			/* T3 points to a possible else, which is removed from the list */
			/* T1 points to the reversed list so far (without escapes) */
			/* T2 points to the tail element -- where the else should go */
			if (T2 && T3)
			{	T2->nxt = T3;	/* add else */
			} else
			{	if (T3) /* there was an else, but there's no tail */
				{	if (!T1)	/* and no reversed list */
					{	T1 = T3; /* odd, but possible */
					} else		/* even stranger */
					{	T1->nxt = T3;
			}	}	}

			/* add in the escapes, to that they appear at the front */
			if (Tx && Ty) { Ty->nxt = T1; T1 = Tx; }

			trans[n][i] = T1;
			/* reversed, with escapes first and else last */
	}	}
	if (state_tables && verbose)
	{	printf("FINAL proctype %s\n", 
			procname[n]);
		for (i = 1; i < m; i++)
		for (T0 = trans[n][i]; T0; T0 = T0->nxt)
			crack(n, i, T0, srcln);
	}
}
void
imed(Trans *T, int v, int n, int j)	/* set intermediate state */
{	progstate[n][T->st] |= progstate[n][v];
	accpstate[n][T->st] |= accpstate[n][v];
	stopstate[n][T->st] |= stopstate[n][v];
	mapstate[n][j] = T->st;
}
void
tagtable(int n, int m, int is, short srcln[], uchar reach[])
{	Trans *z;

	if (is >= m || !trans[n][is]
	||  is <= 0 || reach[is] == 0)
		return;
	reach[is] = 0;
	if (state_tables)
	for (z = trans[n][is]; z; z = z->nxt)
	{	if (dodot)
			dot_crack(n, is, z);
		else
			crack(n, is, z, srcln);
	}

	for (z = trans[n][is]; z; z = z->nxt)
	{
#ifdef HAS_UNLESS
		int i, j;
#endif
		tagtable(n, m, z->st, srcln, reach);
#ifdef HAS_UNLESS
		for (i = 0; i < HAS_UNLESS; i++)
		{	j = trans[n][is]->escp[i];
			if (!j) break;
			tagtable(n, m, j, srcln, reach);
		}
#endif
	}
}

extern Trans *t_id_lkup[];

void
dfs_table(int n, int m, int is, short srcln[], uchar reach[], uchar lpstate[])
{	Trans *z;

	if (is >= m || is <= 0 || !trans[n][is])
		return;
	if ((reach[is] & (4|8|16)) != 0)
	{	if ((reach[is] & (8|16)) == 16)	/* on stack, not yet recorded */
		{	lpstate[is] = 1;
			reach[is] |= 8; /* recorded */
			if (state_tables && verbose)
			{	printf("state %d line %d is a loopstate\n", is, srcln[is]);
		}	}
		return;
	}
	reach[is] |= (4|16);	/* visited | onstack */
	for (z = trans[n][is]; z; z = z->nxt)
	{	t_id_lkup[z->t_id] = z;
#ifdef HAS_UNLESS
		int i, j;
#endif
		dfs_table(n, m, z->st, srcln, reach, lpstate);
#ifdef HAS_UNLESS
		for (i = 0; i < HAS_UNLESS; i++)
		{	j = trans[n][is]->escp[i];
			if (!j) break;
			dfs_table(n, m, j, srcln, reach, lpstate);
		}
#endif
	}
	reach[is] &= ~16; /* no longer on stack */
}
void
do_dfs(int n, int m, int is, short srcln[], uchar reach[], uchar lpstate[])
{	int i;
	dfs_table(n, m, is, srcln, reach, lpstate);
	for (i = 0; i < m; i++)
		reach[i] &= ~(4|8|16);
}
void
crack(int n, int j, Trans *z, short srcln[])
{	int i;

	if (!z) return;
	printf("	state %3d -(tr %3d)-> state %3d  ",
		j, z->forw, z->st);
	printf("[id %3d tp %3d", z->t_id, z->tpe[0]);
	if (z->tpe[1]) printf(",%d", z->tpe[1]);
#ifdef HAS_UNLESS
	if (z->e_trans)
		printf(" org %3d", z->e_trans);
	else if (state_tables >= 2)
	for (i = 0; i < HAS_UNLESS; i++)
	{	if (!z->escp[i]) break;
		printf(" esc %d", z->escp[i]);
	}
#endif
	printf("]");
	printf(" [%s%s%s%s%s] %s:%d => ",
		z->atom&6?"A":z->atom&32?"D":"-",
		accpstate[n][j]?"a" :"-",
		stopstate[n][j]?"e" : "-",
		progstate[n][j]?"p" : "-",
		z->atom & 8 ?"L":"G",
		PanSource, srcln[j]);
	for (i = 0; z->tp[i]; i++)
		if (z->tp[i] == '\n')
			printf("\\n");
		else
			putchar(z->tp[i]);
	if (verbose && z->qu[0])
	{	printf("\t[");
		for (i = 0; i < 6; i++)
			if (z->qu[i])
				printf("(%d,%d)",
				z->qu[i], z->ty[i]);
		printf("]");
	}
	printf("\n");
	fflush(stdout);
}
/* spin -a m.pml; cc -o pan pan.c; ./pan -D | dot -Tps > foo.ps; ps2pdf foo.ps */
void
dot_crack(int n, int j, Trans *z)
{	int i;

	if (!z) return;
	printf("	S%d -> S%d  [color=black", j, z->st);

	if (z->atom&6) printf(",style=dashed");
	else if (z->atom&32) printf(",style=dotted");
	else if (z->atom&8) printf(",style=solid");
	else printf(",style=bold");

	printf(",label=\"");
	for (i = 0; z->tp[i]; i++)
	{	if (z->tp[i] == '\\'
		&&  z->tp[i+1] == 'n')
		{	i++; printf(" ");
		} else
		{	putchar(z->tp[i]);
	}	}
	printf("\"];\n");
	if (accpstate[n][j]) printf("  S%d [color=red,style=bold];\n", j);
	else if (progstate[n][j]) printf("  S%d [color=green,style=bold];\n", j);
	if (stopstate[n][j]) printf("  S%d [color=blue,style=bold,shape=box];\n", j);
}

#ifdef VAR_RANGES
#define BYTESIZE	32	/* 2^8 : 2^3 = 256:8 = 32 */

typedef struct Vr_Ptr {
	char	*nm;
	uchar	vals[BYTESIZE];
	struct Vr_Ptr *nxt;
} Vr_Ptr;
Vr_Ptr *ranges = (Vr_Ptr *) 0;

void
logval(char *s, int v)
{	Vr_Ptr *tmp;

	if (v<0 || v > 255) return;
	for (tmp = ranges; tmp; tmp = tmp->nxt)
		if (!strcmp(tmp->nm, s))
			goto found;
	tmp = (Vr_Ptr *) emalloc(sizeof(Vr_Ptr));
	tmp->nxt = ranges;
	ranges = tmp;
	tmp->nm = s;
found:
	tmp->vals[(v)/8] |= 1<<((v)%8);
}

void
dumpval(uchar X[], int range)
{	int w, x, i, j = -1;

	for (w = i = 0; w < range; w++)
	for (x = 0; x < 8; x++, i++)
	{
from:		if ((X[w] & (1<<x)))
		{	printf("%d", i);
			j = i;
			goto upto;
	}	}
	return;
	for (w = 0; w < range; w++)
	for (x = 0; x < 8; x++, i++)
	{
upto:		if (!(X[w] & (1<<x)))
		{	if (i-1 == j)
				printf(", ");
			else
				printf("-%d, ", i-1);
			goto from;
	}	}
	if (j >= 0 && j != 255)
		printf("-255");
}

void
dumpranges(void)
{	Vr_Ptr *tmp;
	printf("\nValues assigned within ");
	printf("interval [0..255]:\n");
	for (tmp = ranges; tmp; tmp = tmp->nxt)
	{	printf("\t%s\t: ", tmp->nm);
		dumpval(tmp->vals, BYTESIZE);
		printf("\n");
	}
}
#endif
