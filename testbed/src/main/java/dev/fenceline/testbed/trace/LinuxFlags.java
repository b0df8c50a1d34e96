package dev.fenceline.testbed.trace;

import java.util.Map;

/**
 * Linux's numbers (x86-64) for the flags and advices that occur in memory calls, and their names.
 *
 * <p>Stateless.
 */
public final class LinuxFlags {

  public static final int PROT_NONE = 0;
  public static final int PROT_READ = 1;
  public static final int PROT_WRITE = 2;
  public static final int PROT_EXEC = 4;

  public static final int MAP_SHARED = 0x01;
  public static final int MAP_PRIVATE = 0x02;
  public static final int MAP_FIXED = 0x10;
  public static final int MAP_ANONYMOUS = 0x20;
  public static final int MAP_GROWSDOWN = 0x100;
  public static final int MAP_LOCKED = 0x2000;
  public static final int MAP_NORESERVE = 0x4000;
  public static final int MAP_POPULATE = 0x8000;
  public static final int MAP_STACK = 0x2_0000;
  public static final int MAP_HUGETLB = 0x4_0000;
  public static final int MAP_FIXED_NOREPLACE = 0x10_0000;

  public static final int MREMAP_MAYMOVE = 1;
  public static final int MREMAP_FIXED = 2;
  public static final int MREMAP_DONTUNMAP = 4;

  /** An advice whose name this reader does not know; the kernel has no such number. */
  public static final int MADV_UNKNOWN = -1;

  public static final int MADV_NORMAL = 0;
  public static final int MADV_RANDOM = 1;
  public static final int MADV_SEQUENTIAL = 2;
  public static final int MADV_WILLNEED = 3;
  public static final int MADV_DONTNEED = 4;
  public static final int MADV_FREE = 8;
  public static final int MADV_REMOVE = 9;
  public static final int MADV_DONTFORK = 10;
  public static final int MADV_DOFORK = 11;
  public static final int MADV_COLD = 20;
  public static final int MADV_PAGEOUT = 21;
  public static final int MADV_POPULATE_READ = 22;
  public static final int MADV_POPULATE_WRITE = 23;

  static final int CLONE_VM = 0x100;

  /** Attaching a segment read-only; protection of shmat. */
  static final int SHM_RDONLY = 0x1000;

  static final int SHM_EXEC = 0x8000;
  static final int SHM_REMAP = 0x4000;

  private static final int MAP_HUGE_SHIFT = 26;

  private static final Map<String, Integer> VALUES =
      Map.ofEntries(
          Map.entry("PROT_NONE", PROT_NONE),
          Map.entry("PROT_READ", PROT_READ),
          Map.entry("PROT_WRITE", PROT_WRITE),
          Map.entry("PROT_EXEC", PROT_EXEC),
          Map.entry("PROT_GROWSDOWN", 0x0100_0000),
          Map.entry("PROT_GROWSUP", 0x0200_0000),
          Map.entry("MAP_FILE", 0),
          Map.entry("MAP_SHARED", MAP_SHARED),
          Map.entry("MAP_PRIVATE", MAP_PRIVATE),
          Map.entry("MAP_SHARED_VALIDATE", MAP_SHARED | MAP_PRIVATE),
          Map.entry("MAP_FIXED", MAP_FIXED),
          Map.entry("MAP_ANONYMOUS", MAP_ANONYMOUS),
          Map.entry("MAP_ANON", MAP_ANONYMOUS),
          Map.entry("MAP_32BIT", 0x40),
          Map.entry("MAP_GROWSDOWN", MAP_GROWSDOWN),
          Map.entry("MAP_DENYWRITE", 0x800),
          Map.entry("MAP_EXECUTABLE", 0x1000),
          Map.entry("MAP_LOCKED", MAP_LOCKED),
          Map.entry("MAP_NORESERVE", MAP_NORESERVE),
          Map.entry("MAP_POPULATE", MAP_POPULATE),
          Map.entry("MAP_NONBLOCK", 0x1_0000),
          Map.entry("MAP_STACK", MAP_STACK),
          Map.entry("MAP_HUGETLB", MAP_HUGETLB),
          Map.entry("MAP_SYNC", 0x8_0000),
          Map.entry("MAP_FIXED_NOREPLACE", MAP_FIXED_NOREPLACE),
          Map.entry("MREMAP_MAYMOVE", MREMAP_MAYMOVE),
          Map.entry("MREMAP_FIXED", MREMAP_FIXED),
          Map.entry("MREMAP_DONTUNMAP", MREMAP_DONTUNMAP),
          Map.entry("MADV_NORMAL", MADV_NORMAL),
          Map.entry("MADV_RANDOM", MADV_RANDOM),
          Map.entry("MADV_SEQUENTIAL", MADV_SEQUENTIAL),
          Map.entry("MADV_WILLNEED", MADV_WILLNEED),
          Map.entry("MADV_DONTNEED", MADV_DONTNEED),
          Map.entry("MADV_FREE", MADV_FREE),
          Map.entry("MADV_REMOVE", MADV_REMOVE),
          Map.entry("MADV_DONTFORK", MADV_DONTFORK),
          Map.entry("MADV_DOFORK", MADV_DOFORK),
          Map.entry("MADV_MERGEABLE", 12),
          Map.entry("MADV_UNMERGEABLE", 13),
          Map.entry("MADV_HUGEPAGE", 14),
          Map.entry("MADV_NOHUGEPAGE", 15),
          Map.entry("MADV_DONTDUMP", 16),
          Map.entry("MADV_DODUMP", 17),
          Map.entry("MADV_WIPEONFORK", 18),
          Map.entry("MADV_KEEPONFORK", 19),
          Map.entry("MADV_COLD", MADV_COLD),
          Map.entry("MADV_PAGEOUT", MADV_PAGEOUT),
          Map.entry("MADV_POPULATE_READ", MADV_POPULATE_READ),
          Map.entry("MADV_POPULATE_WRITE", MADV_POPULATE_WRITE),
          Map.entry("MADV_DONTNEED_LOCKED", 24),
          Map.entry("MADV_COLLAPSE", 25),
          Map.entry("MADV_HWPOISON", 100),
          Map.entry("MADV_SOFT_OFFLINE", 101),
          Map.entry("SHM_RDONLY", SHM_RDONLY),
          Map.entry("SHM_REMAP", SHM_REMAP),
          Map.entry("SHM_EXEC", SHM_EXEC),
          Map.entry("CLONE_VM", CLONE_VM));

  private LinuxFlags() {}

  /**
   * The value of a flag word such as {@code PROT_READ|0x2|21<<MAP_HUGE_SHIFT}. Unknown names count
   * as 0, since a newer kernel's flag must not make a recording useless.
   *
   * @throws MalformedCall if a part is neither a name nor a number
   */
  static int parse(String word) throws MalformedCall {
    int value = 0;
    int from = 0;
    while (from <= word.length()) {
      int bar = word.indexOf('|', from);
      int to = bar < 0 ? word.length() : bar;
      value |= part(word.substring(from, to).strip());
      from = to + 1;
    }
    return value;
  }

  /** The number of an advice; {@link #MADV_UNKNOWN} if it has a name that is not known. */
  static int parseAdvice(String word) throws MalformedCall {
    String name = word.strip();
    if (name.startsWith("MADV_")) {
      Integer known = VALUES.get(name);
      return known == null ? MADV_UNKNOWN : known;
    }
    return (int) Numbers.parse(name);
  }

  private static int part(String text) throws MalformedCall {
    if (text.isEmpty()) {
      throw new MalformedCall("empty flag");
    }
    int shift = text.indexOf("<<");
    if (shift > 0) {
      return ((int) Numbers.parse(text.substring(0, shift).strip())) << MAP_HUGE_SHIFT;
    }
    if (Character.isDigit(text.charAt(0))) {
      return (int) Numbers.parse(text);
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!(c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'))) {
        throw new MalformedCall("not a flag: " + text);
      }
    }
    return VALUES.getOrDefault(text, 0);
  }
}
