package dev.fenceline.host.adapter.grpc;

import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.Advice;
import dev.fenceline.host.engine.space.SpaceOperation.Placement;
import dev.fenceline.model.Errno;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import dev.fenceline.space.v1.AdviseRequest;
import dev.fenceline.space.v1.MapRequest;
import dev.fenceline.space.v1.PinRequest;
import dev.fenceline.space.v1.RemapRequest;
import dev.fenceline.space.v1.SupplyRequest;

/** Decodes what callers ask of address spaces; what contradicts itself is EINVAL. Stateless. */
final class SpaceRequests {
  private static final int MAX_NAME_LENGTH = 128;
  private static final int MAX_BACKING_LENGTH = 4096;

  /** A year: later deadlines would overflow the clock. */
  private static final long LONGEST_DEADLINE_NANOS = 365L * 86_400 * 1_000_000_000;

  private static final int MAX_SUPPLY_BYTES = 1 << 20;
  private static final long MAX_PIN_BYTES = 1L << 30;
  private static final int MAX_OWNER_LENGTH = 128;
  private static final int MAX_REASON_LENGTH = 256;

  private SpaceRequests() {}

  static String name(String name) {
    if (name.length() > MAX_NAME_LENGTH) {
      throw invalid("name of %d characters: at most %d", name.length(), MAX_NAME_LENGTH);
    }
    return name;
  }

  static NotificationMode mode(dev.fenceline.common.v1.NotificationMode mode) {
    return switch (mode) {
      case NOTIFICATION_MODE_UNSPECIFIED, NOTIFICATION_MODE_SPLIT -> NotificationMode.SPLIT;
      case NOTIFICATION_MODE_SEQUENTIAL -> NotificationMode.SEQUENTIAL;
      case UNRECOGNIZED -> throw invalid("notification mode is unknown");
    };
  }

  static SpaceOperation.Pin pin(PinRequest request) {
    if (!Pages.aligned(request.getAddress()) || !Pages.aligned(request.getLength())) {
      throw invalid("address and length of a pin must be multiples of 4096");
    }
    if (request.getLength() < 1 || request.getLength() > MAX_PIN_BYTES) {
      throw invalid(
          "length of %s bytes: must be 4096 to %d"
              .formatted(Long.toUnsignedString(request.getLength()), MAX_PIN_BYTES));
    }
    if (request.getOwner().isBlank() || request.getOwner().length() > MAX_OWNER_LENGTH) {
      throw invalid(
          "owner has %d characters: must be 1 to %d"
              .formatted(request.getOwner().length(), MAX_OWNER_LENGTH));
    }
    if (request.getReason().length() > MAX_REASON_LENGTH) {
      throw invalid(
          "reason has %d characters, at most %d"
              .formatted(request.getReason().length(), MAX_REASON_LENGTH));
    }
    return new SpaceOperation.Pin(
        request.getSpaceId(),
        request.getAddress(),
        request.getLength(),
        request.getWrite(),
        new SpaceOperation.PinPurpose(
            request.getOwner(), request.getReason(), request.getLongTerm()));
  }

  static Protection protection(dev.fenceline.common.v1.Protection protection) {
    return new Protection(protection.getRead(), protection.getWrite(), protection.getExecute());
  }

  static WaitPolicy wait(dev.fenceline.common.v1.WaitPolicy wait) {
    return switch (wait.getMode()) {
      case MODE_UNSPECIFIED, MODE_BLOCK -> WaitPolicy.BLOCK;
      case MODE_TRY -> WaitPolicy.TRY;
      case MODE_DEADLINE -> new WaitPolicy.Deadline(deadline(wait.getDeadlineNanos()));
      case UNRECOGNIZED -> throw invalid("wait mode is unknown");
    };
  }

  static SpaceOperation.Map map(MapRequest request) {
    Placement placement =
        switch (request.getPlacement()) {
          case PLACEMENT_UNSPECIFIED, PLACEMENT_ANYWHERE -> Placement.ANYWHERE;
          case PLACEMENT_FIXED -> Placement.FIXED;
          case PLACEMENT_FIXED_NOREPLACE -> Placement.FIXED_NOREPLACE;
          case UNRECOGNIZED -> throw invalid("placement is unknown");
        };
    if (request.getBacking().length() > MAX_BACKING_LENGTH) {
      throw invalid(
          "backing of %d characters: at most %d",
          request.getBacking().length(), MAX_BACKING_LENGTH);
    }
    return new SpaceOperation.Map(
        request.getSpaceId(),
        request.getAddress(),
        request.getLength(),
        placement,
        new SpaceOperation.Region(
            protection(request.getProtection()),
            request.getShared(),
            request.getBacking(),
            request.getOffset(),
            request.getHugetlb()));
  }

  static SpaceOperation remap(RemapRequest request) {
    if (request.hasNewAddress() && !request.getMayMove()) {
      throw invalid("new_address 0x%x is given, but may_move is not", request.getNewAddress());
    }
    return new SpaceOperation.Remap(
        request.getSpaceId(),
        request.getOldAddress(),
        request.getOldLength(),
        request.getNewLength(),
        request.getMayMove(),
        request.hasNewAddress() ? request.getNewAddress() : null);
  }

  static SpaceOperation.Supply supply(SupplyRequest request) {
    int length = request.getData().size();
    if (length < 1 || length > MAX_SUPPLY_BYTES || length % Pages.SIZE_BYTES != 0) {
      throw invalid("%d bytes: must be 1 to %d whole pages", length, MAX_SUPPLY_BYTES >> 12);
    }
    return new SpaceOperation.Supply(
        request.getSpaceId(), request.getAddress(), request.getData().toByteArray());
  }

  static SpaceOperation advise(AdviseRequest request) {
    Advice advice =
        switch (request.getAdvice()) {
          case ADVICE_NORMAL -> Advice.NORMAL;
          case ADVICE_DONTNEED -> Advice.DONTNEED;
          case ADVICE_FREE -> Advice.FREE;
          case ADVICE_WILLNEED -> Advice.WILLNEED;
          case ADVICE_DONTFORK -> Advice.DONTFORK;
          case ADVICE_DOFORK -> Advice.DOFORK;
          case ADVICE_WIPEONFORK -> Advice.WIPEONFORK;
          case ADVICE_KEEPONFORK -> Advice.KEEPONFORK;
          case ADVICE_HUGEPAGE -> Advice.HUGEPAGE;
          case ADVICE_NOHUGEPAGE -> Advice.NOHUGEPAGE;
          case ADVICE_COLLAPSE -> Advice.COLLAPSE;
          case ADVICE_UNSPECIFIED, UNRECOGNIZED -> throw invalid("advice is missing or unknown");
        };
    return new SpaceOperation.Advise(
        request.getSpaceId(), request.getAddress(), request.getLength(), advice);
  }

  private static long deadline(long nanos) {
    if (nanos == 0) {
      throw invalid("deadline_nanos is 0: must be at least 1");
    }
    return nanos < 0 ? LONGEST_DEADLINE_NANOS : Math.min(nanos, LONGEST_DEADLINE_NANOS);
  }

  private static RuntimeException invalid(String message, Object... values) {
    return Refusals.exception(Errno.EINVAL, message.formatted(values));
  }
}
