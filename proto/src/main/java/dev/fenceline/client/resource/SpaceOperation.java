package dev.fenceline.client.resource;

import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A change of an address space, as the coordinator carries it out for an operator; immutable. */
public sealed interface SpaceOperation {
  /** How long it may wait for fences. */
  WaitPolicy waiting();

  /** The members of the request, without the wait. */
  Map<String, Object> members();

  /**
   * @param address a hint, or the very place, or null: the host chooses
   * @param placement {@code anywhere}, {@code fixed} or {@code fixed-noreplace}
   * @param backing empty for anonymous memory
   * @param hugetlb pages of 2 MiB only, all taken at once
   */
  record Mapping(
      @Nullable Long address,
      long length,
      Protection protection,
      String placement,
      boolean shared,
      String backing,
      long offset,
      boolean hugetlb,
      WaitPolicy waiting)
      implements SpaceOperation {
    @Override
    public Map<String, Object> members() {
      Map<String, Object> members = of("map", address, length);
      members.put("protection", protection.toString());
      members.put("placement", placement);
      if (shared) {
        members.put("shared", true);
      }
      if (!backing.isEmpty()) {
        members.put("backing", backing);
        members.put("offset", hex(offset));
      }
      if (hugetlb) {
        members.put("hugetlb", true);
      }
      return members;
    }
  }

  /** Takes mappings away. */
  record Unmap(long address, long length, WaitPolicy waiting) implements SpaceOperation {
    @Override
    public Map<String, Object> members() {
      return of("unmap", address, length);
    }
  }

  /** Changes what mappings permit. */
  record Protect(long address, long length, Protection protection, WaitPolicy waiting)
      implements SpaceOperation {
    @Override
    public Map<String, Object> members() {
      Map<String, Object> members = of("protect", address, length);
      members.put("protection", protection.toString());
      return members;
    }
  }

  /**
   * Moves or resizes a mapping.
   *
   * @param newAddress null: where it is, or where the host chooses if it may move
   */
  record Remap(
      long address,
      long length,
      long newLength,
      boolean mayMove,
      @Nullable Long newAddress,
      WaitPolicy waiting)
      implements SpaceOperation {
    @Override
    public Map<String, Object> members() {
      Map<String, Object> members = of("remap", address, length);
      members.put("newLength", newLength);
      members.put("mayMove", mayMove);
      if (newAddress != null) {
        members.put("newAddress", hex(newAddress));
      }
      return members;
    }
  }

  /**
   * @param advice {@code normal}, {@code dontneed} or {@code willneed}
   */
  record Advise(long address, long length, String advice, WaitPolicy waiting)
      implements SpaceOperation {
    @Override
    public Map<String, Object> members() {
      Map<String, Object> members = of("advise", address, length);
      members.put("advice", advice);
      return members;
    }
  }

  /**
   * Wishes for a range, instead of those that it had.
   *
   * @param attributes whose start and end do not count; null: none any more
   */
  record SetAttributes(long address, long length, @Nullable Attributes attributes)
      implements SpaceOperation {
    @Override
    public WaitPolicy waiting() {
      return WaitPolicy.BLOCK;
    }

    @Override
    public Map<String, Object> members() {
      Map<String, Object> members = of("set-attributes", address, length);
      if (attributes != null) {
        members.put("attributes", attributes.members());
      }
      return members;
    }

    @Override
    public Map<String, Object> body() {
      return members(); // nobody is waited for
    }
  }

  /** Invalidates every translation, as a reclaim would do first. */
  record Invalidate(long address, long length, WaitPolicy waiting) implements SpaceOperation {
    @Override
    public Map<String, Object> members() {
      return of("invalidate", address, length);
    }
  }

  /** The whole request. */
  default Map<String, Object> body() {
    Map<String, Object> body = new LinkedHashMap<>(members());
    body.put(
        "wait",
        switch (waiting()) {
          case WaitPolicy.Block block -> Map.of("mode", "block");
          case WaitPolicy.Try once -> Map.of("mode", "try");
          case WaitPolicy.Deadline deadline -> deadline(deadline.nanos());
        });
    return body;
  }

  private static Map<String, Object> deadline(long nanos) {
    Map<String, Object> wait = new LinkedHashMap<>();
    wait.put("mode", "deadline");
    wait.put("deadlineMillis", Math.max(1, (nanos + 999_999) / 1_000_000));
    return wait;
  }

  private static Map<String, Object> of(String type, @Nullable Long address, long length) {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("type", type);
    if (address != null) {
      members.put("address", hex(address));
    }
    members.put("length", length);
    return members;
  }

  private static String hex(long address) {
    return "0x" + Long.toHexString(address);
  }
}
