package dev.fenceline.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import dev.fenceline.attach.v1.AttachProto;
import dev.fenceline.common.v1.CommonProto;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Doctors real descriptors to show which changes count as breaking. */
class WireContractTest {

  private final WireContract original =
      WireContract.of(List.of(AttachProto.getDescriptor(), CommonProto.getDescriptor()));

  @Test
  void unchangedContract_hasNoBreaches() {
    assertThat(original.breachesIn(original)).isEmpty();
  }

  @Test
  void contract_survivesItsTextForm() {
    assertThat(WireContract.parse(original.toLines())).isEqualTo(original);
  }

  @Test
  void addedFieldMessageAndValue_areNoBreaches() {
    assertThat(
            breachesOfCommon(
                file -> {
                  interval(file)
                      .addField(
                          FieldDescriptorProto.newBuilder()
                              .setName("added")
                              .setNumber(100)
                              .setType(FieldDescriptorProto.Type.TYPE_BOOL));
                  file.addMessageType(DescriptorProto.newBuilder().setName("Added"));
                  file.getEnumTypeBuilder(0).addValueBuilder().setName("ADDED").setNumber(100);
                }))
        .isEmpty();
  }

  @Test
  void removedField_isReported() {
    assertThat(breachesOfCommon(file -> interval(file).removeField(1)))
        .containsExactly("removed: field fenceline.common.v1.Interval 2 = uint64 end");
  }

  @Test
  void renumberedField_isReported() {
    assertThat(breachesOfCommon(file -> interval(file).getFieldBuilder(1).setNumber(3)))
        .containsExactly("removed: field fenceline.common.v1.Interval 2 = uint64 end");
  }

  @Test
  void retypedField_isReported() {
    assertThat(
            breachesOfCommon(
                file ->
                    interval(file)
                        .getFieldBuilder(1)
                        .setType(FieldDescriptorProto.Type.TYPE_SINT64)))
        .containsExactly(
            "changed: field fenceline.common.v1.Interval 2: was uint64 end, is sint64 end");
  }

  @Test
  void relabelledOrRenamedField_isReported() {
    assertThat(
            breachesOfCommon(
                file ->
                    interval(file)
                        .getFieldBuilder(0)
                        .setLabel(FieldDescriptorProto.Label.LABEL_REPEATED)))
        .hasSize(1);
    assertThat(
            breachesOfCommon(
                file -> interval(file).getFieldBuilder(0).setName("first").clearJsonName()))
        .hasSize(1);
  }

  @Test
  void removedEnumValue_isReported() {
    assertThat(breachesOfCommon(file -> file.getEnumTypeBuilder(0).removeValue(1))).hasSize(1);
  }

  @Test
  void removedCall_isReported() {
    assertThat(breachesOfAttach(file -> file.getServiceBuilder(0).removeMethod(0)))
        .singleElement()
        .asString()
        .startsWith("removed: call fenceline.attach.v1.AttachService.Attach");
  }

  @Test
  void streamThatBecomesUnary_isReported() {
    assertThat(
            breachesOfAttach(
                file -> file.getServiceBuilder(0).getMethodBuilder(0).setServerStreaming(false)))
        .singleElement()
        .asString()
        .startsWith("changed: call fenceline.attach.v1.AttachService.Attach");
  }

  private static DescriptorProto.Builder interval(FileDescriptorProto.Builder file) {
    return file.getMessageTypeBuilderList().stream()
        .filter(message -> message.getName().equals("Interval"))
        .findFirst()
        .orElseThrow();
  }

  private List<String> breachesOfCommon(Consumer<FileDescriptorProto.Builder> doctor) {
    FileDescriptor doctored = doctored(CommonProto.getDescriptor(), doctor);
    return original.breachesIn(WireContract.of(List.of(AttachProto.getDescriptor(), doctored)));
  }

  private List<String> breachesOfAttach(Consumer<FileDescriptorProto.Builder> doctor) {
    FileDescriptor doctored = doctored(AttachProto.getDescriptor(), doctor);
    return original.breachesIn(WireContract.of(List.of(doctored, CommonProto.getDescriptor())));
  }

  private static FileDescriptor doctored(
      FileDescriptor file, Consumer<FileDescriptorProto.Builder> doctor) {
    FileDescriptorProto.Builder builder = file.toProto().toBuilder();
    doctor.accept(builder);
    try {
      return FileDescriptor.buildFrom(
          builder.build(), file.getDependencies().toArray(FileDescriptor[]::new));
    } catch (DescriptorValidationException e) {
      throw new AssertionError(e);
    }
  }
}
