package dev.fenceline.testbed.client;

import com.google.protobuf.ByteString;
import dev.fenceline.common.v1.NotificationMode;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc.AddressSpaceServiceBlockingStub;
import dev.fenceline.space.v1.AdviseRequest;
import dev.fenceline.space.v1.AtomicAddRequest;
import dev.fenceline.space.v1.BrkRequest;
import dev.fenceline.space.v1.CompareAndSetRequest;
import dev.fenceline.space.v1.CreateSpaceRequest;
import dev.fenceline.space.v1.DestroySpaceRequest;
import dev.fenceline.space.v1.ForkSpaceRequest;
import dev.fenceline.space.v1.InvalidateRequest;
import dev.fenceline.space.v1.MapRequest;
import dev.fenceline.space.v1.OperationReply;
import dev.fenceline.space.v1.ProtectRequest;
import dev.fenceline.space.v1.ReadRequest;
import dev.fenceline.space.v1.RemapRequest;
import dev.fenceline.space.v1.SetNotificationModeRequest;
import dev.fenceline.space.v1.UnmapRequest;
import dev.fenceline.space.v1.WriteRequest;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The address spaces of one host: operations on mappings and the CPU's own accesses. Thread-safe;
 * every call blocks, at most as long as the bound.
 *
 * <p>Each method throws {@link RefusedException} if the host refuses, and {@link
 * CallFailedException} if there is no answer.
 */
public final class AddressSpaceClient {
  private final AddressSpaceServiceBlockingStub stub;
  private final long boundNanos;

  public AddressSpaceClient(ServiceChannel host, Duration bound) {
    this.stub = AddressSpaceServiceGrpc.newBlockingStub(host.channel());
    this.boundNanos = bound.toNanos();
  }

  private AddressSpaceServiceBlockingStub bounded() {
    return stub.withDeadlineAfter(boundNanos, TimeUnit.NANOSECONDS);
  }

  /** Returns the id of a new, empty space. */
  public long create(String name, NotificationMode mode) {
    CreateSpaceRequest request =
        CreateSpaceRequest.newBuilder().setName(name).setNotificationMode(mode).build();
    return Calls.call("CreateSpace", () -> bounded().createSpace(request)).getSpaceId();
  }

  /** Returns the id of a new space with the same mappings and a copy of the bytes. */
  public long fork(long spaceId, String name) {
    ForkSpaceRequest request =
        ForkSpaceRequest.newBuilder().setSpaceId(spaceId).setName(name).build();
    return Calls.call("ForkSpace", () -> bounded().forkSpace(request)).getSpaceId();
  }

  public OperationReply destroy(long spaceId) {
    DestroySpaceRequest request = DestroySpaceRequest.newBuilder().setSpaceId(spaceId).build();
    return Calls.call("DestroySpace", () -> bounded().destroySpace(request));
  }

  public void setNotificationMode(long spaceId, NotificationMode mode) {
    SetNotificationModeRequest request =
        SetNotificationModeRequest.newBuilder()
            .setSpaceId(spaceId)
            .setNotificationMode(mode)
            .build();
    Calls.call("SetNotificationMode", () -> bounded().setNotificationMode(request));
  }

  public OperationReply map(MapRequest request) {
    return Calls.call("Map", () -> bounded().map(request));
  }

  public OperationReply unmap(UnmapRequest request) {
    return Calls.call("Unmap", () -> bounded().unmap(request));
  }

  public OperationReply protect(ProtectRequest request) {
    return Calls.call("Protect", () -> bounded().protect(request));
  }

  public OperationReply remap(RemapRequest request) {
    return Calls.call("Remap", () -> bounded().remap(request));
  }

  public OperationReply brk(BrkRequest request) {
    return Calls.call("Brk", () -> bounded().brk(request));
  }

  public OperationReply advise(AdviseRequest request) {
    return Calls.call("Advise", () -> bounded().advise(request));
  }

  public OperationReply invalidate(InvalidateRequest request) {
    return Calls.call("Invalidate", () -> bounded().invalidate(request));
  }

  /** Reads 1 to 65536 bytes. */
  public byte[] read(long spaceId, long address, int lengthBytes) {
    ReadRequest request =
        ReadRequest.newBuilder()
            .setSpaceId(spaceId)
            .setAddress(address)
            .setLength(lengthBytes)
            .build();
    return Calls.call("Read", () -> bounded().read(request)).getData().toByteArray();
  }

  /** Writes 1 to 65536 bytes. */
  public void write(long spaceId, long address, byte[] data) {
    WriteRequest request =
        WriteRequest.newBuilder()
            .setSpaceId(spaceId)
            .setAddress(address)
            .setData(ByteString.copyFrom(data))
            .build();
    Calls.call("Write", () -> bounded().write(request));
  }

  /** Adds to the 8-byte word and returns the value before. */
  public long atomicAdd(long spaceId, long address, long operand) {
    AtomicAddRequest request =
        AtomicAddRequest.newBuilder()
            .setSpaceId(spaceId)
            .setAddress(address)
            .setOperand(operand)
            .build();
    return Calls.call("AtomicAdd", () -> bounded().atomicAdd(request)).getPrevious();
  }

  /** Stores {@code operand} if the word is {@code expected}; returns the value before. */
  public long compareAndSet(long spaceId, long address, long expected, long operand) {
    CompareAndSetRequest request =
        CompareAndSetRequest.newBuilder()
            .setSpaceId(spaceId)
            .setAddress(address)
            .setExpected(expected)
            .setOperand(operand)
            .build();
    return Calls.call("CompareAndSet", () -> bounded().compareAndSet(request)).getPrevious();
  }
}
