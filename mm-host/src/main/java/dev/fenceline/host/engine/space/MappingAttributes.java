package dev.fenceline.host.engine.space;

import dev.fenceline.model.Protection;

/**
 * What all pages of a mapping have in common; immutable.
 *
 * @param name of what is mapped, empty for plain anonymous memory
 * @param adviceFlags a set of {@link MappingAdvice} flags
 * @param object the shared object whose pages it shows; 0 if none, or while it is only planned
 */
public record MappingAttributes(
    Protection protection,
    MappingKind kind,
    boolean shared,
    String name,
    int adviceFlags,
    long object) {

  /** Of no object. */
  public MappingAttributes(
      Protection protection, MappingKind kind, boolean shared, String name, int adviceFlags) {
    this(protection, kind, shared, name, adviceFlags, 0);
  }

  /** Private anonymous memory. */
  public static MappingAttributes anonymous(Protection protection) {
    return new MappingAttributes(protection, MappingKind.ANONYMOUS, false, "", 0);
  }

  /** Pages of a named file. */
  public static MappingAttributes file(String name, Protection protection, boolean shared) {
    return new MappingAttributes(protection, MappingKind.FILE, shared, name, 0);
  }

  /** Whether the pages are those of an object, so that it matters which page of it is where. */
  public boolean hasBacking() {
    return kind == MappingKind.FILE || shared;
  }

  /** Whether all its pages are large, and its own from the start. */
  public boolean hugetlb() {
    return MappingAdvice.HUGETLB.isIn(adviceFlags);
  }

  public MappingAttributes withProtection(Protection newProtection) {
    return new MappingAttributes(newProtection, kind, shared, name, adviceFlags, object);
  }

  public MappingAttributes withKind(MappingKind newKind) {
    return new MappingAttributes(protection, newKind, shared, name, adviceFlags, object);
  }

  public MappingAttributes withAdviceFlags(int newAdviceFlags) {
    return new MappingAttributes(protection, kind, shared, name, newAdviceFlags, object);
  }

  MappingAttributes withObject(long newObject) {
    return new MappingAttributes(protection, kind, shared, name, adviceFlags, newObject);
  }
}
