package dev.fenceline.client;

import com.google.protobuf.ByteString;
import dev.fenceline.common.v1.DeviceRef;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import dev.fenceline.query.v1.RangeInfo;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc.AddressSpaceServiceBlockingStub;
import dev.fenceline.space.v1.AdviseRequest;
import dev.fenceline.space.v1.AtomicAddRequest;
import dev.fenceline.space.v1.BrkRequest;
import dev.fenceline.space.v1.CompareAndSetRequest;
import dev.fenceline.space.v1.DestroySpaceRequest;
import dev.fenceline.space.v1.ForkSpaceRequest;
import dev.fenceline.space.v1.HandleMissingRequest;
import dev.fenceline.space.v1.InvalidateRequest;
import dev.fenceline.space.v1.ListMissingRequest;
import dev.fenceline.space.v1.MigrateRequest;
import dev.fenceline.space.v1.MigrationInfo;
import dev.fenceline.space.v1.OperationReply;
import dev.fenceline.space.v1.PinReply;
import dev.fenceline.space.v1.PinRequest;
import dev.fenceline.space.v1.ProtectRequest;
import dev.fenceline.space.v1.ReadRequest;
import dev.fenceline.space.v1.SetNotificationModeRequest;
import dev.fenceline.space.v1.SetOomScoreAdjustRequest;
import dev.fenceline.space.v1.SupplyRequest;
import dev.fenceline.space.v1.SyncRequest;
import dev.fenceline.space.v1.UnmapRequest;
import dev.fenceline.space.v1.WriteRequest;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One address space of a host: operations on mappings and the CPU's own accesses. Immutable and
 * thread-safe; every call blocks, at most as long as the host client's bound.
 *
 * <p>Each method throws {@link RefusedException} if the host refuses, and {@link
 * CallFailedException} if there is no answer. An operation that gives up waiting is an outcome,
 * {@link OperationOutcome.BackedOff}.
 */
public final class SpaceClient {
  private final HostClient host;
  private final long id;

  SpaceClient(HostClient host, long id) {
    this.host = host;
    this.id = id;
  }

  /** The host's own id of it. */
  public long id() {
    return id;
  }

  /** A new space with the same mappings and a copy of the bytes. */
  public SpaceClient fork(String name) {
    ForkSpaceRequest request = ForkSpaceRequest.newBuilder().setSpaceId(id).setName(name).build();
    return host.space(Calls.call("ForkSpace", () -> stub().forkSpace(request)).getSpaceId());
  }

  /** Ends it: unmaps everything and releases its mirrors. */
  public OperationOutcome destroy() {
    DestroySpaceRequest request = DestroySpaceRequest.newBuilder().setSpaceId(id).build();
    return operation("DestroySpace", () -> stub().destroySpace(request));
  }

  public void setNotificationMode(NotificationMode mode) {
    SetNotificationModeRequest request =
        SetNotificationModeRequest.newBuilder()
            .setSpaceId(id)
            .setNotificationMode(SpaceRequests.mode(mode))
            .build();
    Calls.call("SetNotificationMode", () -> stub().setNotificationMode(request));
  }

  /**
   * How much it counts when somebody has to be killed for want of memory.
   *
   * @param adjust -1000 (never) to 1000
   */
  public void setOomScoreAdjust(int adjust) {
    SetOomScoreAdjustRequest request =
        SetOomScoreAdjustRequest.newBuilder().setSpaceId(id).setOomScoreAdjust(adjust).build();
    Calls.call("SetOomScoreAdjust", () -> stub().setOomScoreAdjust(request));
  }

  public OperationOutcome map(Mapping mapping, WaitPolicy wait) {
    return operation("Map", () -> stub().map(SpaceRequests.map(id, mapping, wait)));
  }

  /** Takes away what is mapped in [address, address + length). */
  public OperationOutcome unmap(long address, long length, WaitPolicy wait) {
    UnmapRequest request =
        UnmapRequest.newBuilder()
            .setSpaceId(id)
            .setAddress(address)
            .setLength(length)
            .setWait(SpaceRequests.waiting(wait))
            .build();
    return operation("Unmap", () -> stub().unmap(request));
  }

  public OperationOutcome protect(
      long address, long length, Protection protection, WaitPolicy wait) {
    ProtectRequest request =
        ProtectRequest.newBuilder()
            .setSpaceId(id)
            .setAddress(address)
            .setLength(length)
            .setProtection(SpaceRequests.protection(protection))
            .setWait(SpaceRequests.waiting(wait))
            .build();
    return operation("Protect", () -> stub().protect(request));
  }

  public OperationOutcome remap(Move move, WaitPolicy wait) {
    return operation("Remap", () -> stub().remap(SpaceRequests.remap(id, move, wait)));
  }

  /**
   * Moves the end of the heap.
   *
   * @param end 0 asks where it is; the first call with another value founds the heap there
   */
  public OperationOutcome brk(long end, WaitPolicy wait) {
    BrkRequest request =
        BrkRequest.newBuilder()
            .setSpaceId(id)
            .setEnd(end)
            .setWait(SpaceRequests.waiting(wait))
            .build();
    return operation("Brk", () -> stub().brk(request));
  }

  public OperationOutcome advise(long address, long length, Advice advice, WaitPolicy wait) {
    AdviseRequest request =
        AdviseRequest.newBuilder()
            .setSpaceId(id)
            .setAddress(address)
            .setLength(length)
            .setAdvice(SpaceRequests.advice(advice))
            .setWait(SpaceRequests.waiting(wait))
            .build();
    return operation("Advise", () -> stub().advise(request));
  }

  /**
   * From now on, who touches a page of the range that is not there waits until it is supplied, at
   * most 10 s; or not any more.
   */
  public OperationOutcome handleMissing(long address, long length, boolean supplied) {
    HandleMissingRequest request =
        HandleMissingRequest.newBuilder()
            .setSpaceId(id)
            .setAddress(address)
            .setLength(length)
            .setSupplied(supplied)
            .build();
    return operation("HandleMissing", () -> stub().handleMissing(request));
  }

  /** Supplies 1 to 256 whole pages that are not there yet. */
  public OperationOutcome supply(long address, byte[] pages) {
    SupplyRequest request =
        SupplyRequest.newBuilder()
            .setSpaceId(id)
            .setAddress(address)
            .setData(ByteString.copyFrom(pages))
            .build();
    return operation("Supply", () -> stub().supply(request));
  }

  /** Addresses of pages that somebody waits for, ascending. */
  public List<Long> missing() {
    ListMissingRequest request = ListMissingRequest.newBuilder().setSpaceId(id).build();
    return Calls.call("ListMissing", () -> stub().listMissing(request)).getAddressesList();
  }

  /** Writes back what was written to shared mappings of files. */
  public OperationOutcome sync(long address, long length) {
    SyncRequest request =
        SyncRequest.newBuilder().setSpaceId(id).setAddress(address).setLength(length).build();
    return operation("Sync", () -> stub().sync(request));
  }

  /** Invalidates every translation and restores the entries, as a reclaim does first. */
  public OperationOutcome invalidate(long address, long length, WaitPolicy wait) {
    InvalidateRequest request =
        InvalidateRequest.newBuilder()
            .setSpaceId(id)
            .setAddress(address)
            .setLength(length)
            .setWait(SpaceRequests.waiting(wait))
            .build();
    return operation("Invalidate", () -> stub().invalidate(request));
  }

  /** Reads 1 to 65536 bytes. */
  public byte[] read(long address, int lengthBytes) {
    ReadRequest request =
        ReadRequest.newBuilder().setSpaceId(id).setAddress(address).setLength(lengthBytes).build();
    return Calls.call("Read", () -> stub().read(request)).getData().toByteArray();
  }

  /** Writes 1 to 65536 bytes. */
  public void write(long address, byte[] data) {
    WriteRequest request =
        WriteRequest.newBuilder()
            .setSpaceId(id)
            .setAddress(address)
            .setData(ByteString.copyFrom(data))
            .build();
    Calls.call("Write", () -> stub().write(request));
  }

  /** Adds to the 8-byte word and returns the value before. */
  public long atomicAdd(long address, long operand) {
    AtomicAddRequest request =
        AtomicAddRequest.newBuilder()
            .setSpaceId(id)
            .setAddress(address)
            .setOperand(operand)
            .build();
    return Calls.call("AtomicAdd", () -> stub().atomicAdd(request)).getPrevious();
  }

  /** Stores {@code operand} if the word is {@code expected}; returns the value before. */
  public long compareAndSet(long address, long expected, long operand) {
    CompareAndSetRequest request =
        CompareAndSetRequest.newBuilder()
            .setSpaceId(id)
            .setAddress(address)
            .setExpected(expected)
            .setOperand(operand)
            .build();
    return Calls.call("CompareAndSet", () -> stub().compareAndSet(request)).getPrevious();
  }

  /**
   * Faults the pages in and keeps their frames until {@link HostClient#unpin} (INV-11).
   *
   * @param length bytes, a multiple of 4096, at most 1 GiB
   * @return the pin's id
   */
  public long pin(long address, long length, PinSpec spec) {
    PinRequest request =
        PinRequest.newBuilder()
            .setSpaceId(id)
            .setAddress(address)
            .setLength(length)
            .setWrite(spec.write())
            .setLongTerm(spec.longTerm())
            .setOwner(spec.owner())
            .setReason(spec.reason())
            .build();
    PinReply reply = Calls.call("Pin", () -> stub().pin(request));
    return reply.getPinId();
  }

  /**
   * Moves private memory to a device, or home; pages that cannot move stay.
   *
   * @param length bytes, a multiple of 4096
   * @param device where to; null for the host
   * @return how many pages moved, and why others did not
   */
  public MigrationInfo migrate(long address, long length, @Nullable DeviceId device) {
    MigrateRequest.Builder request =
        MigrateRequest.newBuilder().setSpaceId(id).setAddress(address).setLength(length);
    if (device != null) {
      request.setDevice(
          DeviceRef.newBuilder().setAgentId(device.agentId()).setDeviceIndex(device.deviceIndex()));
    }
    return Calls.call("Migrate", () -> stub().migrate(request.build()));
  }

  /** What is mapped, by address, page by page. */
  public Iterable<RangeInfo> ranges() {
    return host.ranges(id);
  }

  private AddressSpaceServiceBlockingStub stub() {
    return host.spaces();
  }

  private static OperationOutcome operation(String name, Supplier<OperationReply> call) {
    return SpaceRequests.outcome(Calls.call(name, call));
  }

  @Override
  public String toString() {
    return "address space " + id;
  }
}
