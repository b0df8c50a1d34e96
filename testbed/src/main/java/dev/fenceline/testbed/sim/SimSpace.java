package dev.fenceline.testbed.sim;

/** An address space of one start of the host: ids begin anew with each. Immutable. */
record SimSpace(long hostEpoch, long id) {}
