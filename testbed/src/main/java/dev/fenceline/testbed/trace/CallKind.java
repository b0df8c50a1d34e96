package dev.fenceline.testbed.trace;

/** What a system call means to a reader of memory traces. */
enum CallKind {
  /** Changes mappings or their content. */
  MEMORY,
  /** Creates a thread or process. */
  CREATE,
  /** Replaces the program. */
  EXEC,
  /** Tells a shared segment's size, which shmat does not. */
  SEGMENT,
  /** Changes mappings in a way that cannot be replayed. */
  UNSUPPORTED,
  /** Leaves the address space's layout alone. */
  IGNORED;

  static CallKind of(String name) {
    return switch (name) {
      case "mmap",
          "mmap2",
          "old_mmap",
          "munmap",
          "mprotect",
          "pkey_mprotect",
          "mremap",
          "madvise",
          "brk",
          "shmat",
          "shmdt",
          "map_shadow_stack" ->
          MEMORY;
      case "clone", "__clone2", "clone3", "fork", "vfork" -> CREATE;
      case "execve", "execveat" -> EXEC;
      case "shmget" -> SEGMENT;
      case "remap_file_pages" -> UNSUPPORTED;
      default -> IGNORED;
    };
  }
}
