package dev.fenceline.testbed.catalogue;

import com.google.protobuf.ByteString;
import dev.fenceline.client.DeviceClient;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.device.v1.Access;
import dev.fenceline.device.v1.AtomicAdd;
import dev.fenceline.device.v1.Checksum;
import dev.fenceline.device.v1.DeviceServiceGrpc;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.device.v1.SnapshotReply;
import dev.fenceline.device.v1.SnapshotReply.PageState;
import dev.fenceline.device.v1.SnapshotRequest;
import io.grpc.ManagedChannel;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What a process can tell a device of the catalogue's test driver to do (READ, WRITE, SNAPSHOT),
 * over the public API. Thread-safe.
 */
public final class TestDevice {
  private static final int CHUNK_BYTES = 64 << 10;
  private static final int PAGE_BYTES = 4096;

  /**
   * What a command gave; immutable.
   *
   * @param errno {@code ERRNO_UNSPECIFIED} is success; otherwise nothing else is told
   * @param pages seen or copied
   * @param faults fault requests that it took, each of at most 512 pages
   * @param mirror the bytes as the device sees them
   */
  public record Reply(Errno errno, long pages, long faults, byte[] mirror) {
    public boolean ok() {
      return errno == Errno.ERRNO_UNSPECIFIED;
    }
  }

  private static final byte[] NOTHING = {};

  private final DeviceClient devices;
  private final ManagedChannel channel;
  private final int index;
  private final long spaceId;
  private final boolean exclusive;

  TestDevice(DeviceClient devices, ManagedChannel channel, int index, long spaceId) {
    this(devices, channel, index, spaceId, false);
  }

  private TestDevice(
      DeviceClient devices, ManagedChannel channel, int index, long spaceId, boolean exclusive) {
    this.exclusive = exclusive;
    this.devices = devices;
    this.channel = channel;
    this.index = index;
    this.spaceId = spaceId;
  }

  /** READ: the range, faulted in by the largest requests there are, and its bytes. */
  public Reply read(long address, long length) {
    ProgramResult faulted =
        devices.run(
            order()
                .setChecksum(Checksum.newBuilder().setAddress(address).setLength(length))
                .build());
    if (faulted.getErrno() != Errno.ERRNO_UNSPECIFIED) {
      return failed(faulted);
    }
    ByteArrayOutputStream mirror = new ByteArrayOutputStream();
    for (long at = address; at < address + length; at += CHUNK_BYTES) {
      ProgramResult read = access(at, (int) Math.min(CHUNK_BYTES, address + length - at), null);
      if (read.getErrno() != Errno.ERRNO_UNSPECIFIED) {
        return failed(read);
      }
      mirror.writeBytes(read.getData().toByteArray());
    }
    byte[] bytes = mirror.toByteArray();
    CRC32C sum = new CRC32C();
    sum.update(bytes);
    if ((int) sum.getValue() != faulted.getCrc32C()) {
      throw new AssertionError("the device read other bytes than it summed up");
    }
    return new Reply(Errno.ERRNO_UNSPECIFIED, length / PAGE_BYTES, faulted.getFaults(), bytes);
  }

  /** EXCLUSIVE: the pages are the device's alone, until anybody else touches them; their bytes. */
  public Reply exclusive(long address, long length) {
    return new TestDevice(devices, channel, index, spaceId, true).read(address, length);
  }

  /** Adds to a word of a page that the device has for itself alone. */
  public ProgramResult exclusiveAdd(long address, int times, long operand) {
    return devices.run(
        order()
            .setExclusive(true)
            .setAtomicAdd(
                AtomicAdd.newBuilder().setAddress(address).setTimes(times).setOperand(operand))
            .build());
  }

  /** Adds to a word, where it is. */
  public ProgramResult add(long address, int times, long operand) {
    return devices.run(
        order()
            .setAtomicAdd(
                AtomicAdd.newBuilder().setAddress(address).setTimes(times).setOperand(operand))
            .build());
  }

  /** READ without looking at the bytes twice: for ranges that change meanwhile. */
  public ProgramResult sum(long address, long length) {
    return devices.run(
        order().setChecksum(Checksum.newBuilder().setAddress(address).setLength(length)).build());
  }

  /** WRITE: the bytes go to the address. */
  public Reply write(long address, byte[] bytes) {
    long faults = 0;
    for (int at = 0; at < bytes.length; at += CHUNK_BYTES) {
      int length = Math.min(CHUNK_BYTES, bytes.length - at);
      ProgramResult written = access(address + at, length, ByteString.copyFrom(bytes, at, length));
      if (written.getErrno() != Errno.ERRNO_UNSPECIFIED) {
        return failed(written);
      }
      faults += written.getFaults();
    }
    return new Reply(Errno.ERRNO_UNSPECIFIED, bytes.length / PAGE_BYTES, faults, bytes);
  }

  /** SNAPSHOT: what a fault would find, page by page, without one. */
  public List<PageState> snapshot(long address, long length) {
    return new ArrayList<>(look(address, length).getPagesList());
  }

  /** SNAPSHOT: how large the block is that each page's translation maps, as a power of two. */
  public List<Integer> orders(long address, long length) {
    return new ArrayList<>(look(address, length).getOrdersList());
  }

  private SnapshotReply look(long address, long length) {
    SnapshotRequest request =
        SnapshotRequest.newBuilder()
            .setDeviceIndex(index)
            .setSpaceId(spaceId)
            .setInterval(Interval.newBuilder().setStart(address).setEnd(address + length))
            .build();
    return DeviceServiceGrpc.newBlockingStub(channel).snapshot(request);
  }

  private ProgramResult access(long address, int length, ByteString bytes) {
    Access.Builder access =
        Access.newBuilder().setAddress(address).setLength(length).setWrite(bytes != null);
    if (bytes != null) {
      access.setData(bytes);
    }
    return devices.run(order().setAccess(access).build());
  }

  private RunProgramRequest.Builder order() {
    return RunProgramRequest.newBuilder()
        .setDeviceIndex(index)
        .setSpaceId(spaceId)
        .setExclusive(exclusive);
  }

  private static Reply failed(ProgramResult result) {
    return new Reply(result.getErrno(), 0, 0, NOTHING);
  }
}
