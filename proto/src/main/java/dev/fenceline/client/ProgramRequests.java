package dev.fenceline.client;

import dev.fenceline.device.v1.Add;
import dev.fenceline.device.v1.AtomicAdd;
import dev.fenceline.device.v1.Checksum;
import dev.fenceline.device.v1.Copy;
import dev.fenceline.device.v1.Fill;
import dev.fenceline.device.v1.PointerChase;
import dev.fenceline.device.v1.RandomAccess;
import dev.fenceline.device.v1.RunProgramRequest;

/** Programs as messages. Stateless. */
final class ProgramRequests {
  private ProgramRequests() {}

  static RunProgramRequest of(int deviceIndex, long spaceId, DeviceProgram program) {
    RunProgramRequest.Builder request =
        RunProgramRequest.newBuilder().setDeviceIndex(deviceIndex).setSpaceId(spaceId);
    return switch (program) {
      case DeviceProgram.Fill fill ->
          request
              .setFill(
                  Fill.newBuilder()
                      .setAddress(fill.address())
                      .setLength(fill.length())
                      .setWord(fill.word()))
              .build();
      case DeviceProgram.Copy copy ->
          request
              .setCopy(
                  Copy.newBuilder()
                      .setSource(copy.source())
                      .setTarget(copy.target())
                      .setLength(copy.length()))
              .build();
      case DeviceProgram.Add add -> request.setAdd(add(add)).build();
      case DeviceProgram.Checksum sum ->
          request
              .setChecksum(Checksum.newBuilder().setAddress(sum.address()).setLength(sum.length()))
              .build();
      case DeviceProgram.PointerChase chase ->
          request
              .setPointerChase(
                  PointerChase.newBuilder().setStart(chase.start()).setHops(chase.hops()))
              .build();
      case DeviceProgram.RandomAccess random -> request.setRandomAccess(random(random)).build();
      case DeviceProgram.AtomicAdd add ->
          request
              .setAtomicAdd(
                  AtomicAdd.newBuilder()
                      .setAddress(add.address())
                      .setTimes(add.times())
                      .setOperand(add.operand()))
              .build();
    };
  }

  private static Add add(DeviceProgram.Add add) {
    return Add.newBuilder()
        .setA(add.a())
        .setB(add.b())
        .setTarget(add.target())
        .setLength(add.length())
        .build();
  }

  private static RandomAccess random(DeviceProgram.RandomAccess random) {
    return RandomAccess.newBuilder()
        .setAddress(random.address())
        .setLength(random.length())
        .setOperations(random.operations())
        .setWritePercent(random.writePercent())
        .setSeed(random.seed())
        .setWriter(random.writer())
        .build();
  }
}
