package dev.fenceline.host.engine.space;

/** What a mapping is for; mappings of different kinds never merge. Immutable. */
public enum MappingKind {
  ANONYMOUS,
  FILE,
  /** The program's data segment, which brk moves. */
  HEAP,
  /** Grows downwards: the search for free room keeps a guard gap below it. */
  STACK
}
