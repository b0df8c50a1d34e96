package dev.fenceline.contract;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What peers of another version rely on, as text: one entry per message, field, enum value and
 * call. An entry's key is what must stay (a field's number), its value what must not change (its
 * name, type, presence). Immutable.
 */
record WireContract(Map<String, String> entries) {

  private static final String SEPARATOR = " = ";

  /** Describes the files; the order of files and of declarations does not matter. */
  static WireContract of(List<FileDescriptor> files) {
    Map<String, String> entries = new TreeMap<>();
    for (FileDescriptor file : files) {
      file.getMessageTypes().forEach(message -> describe(message, entries));
      file.getEnumTypes().forEach(type -> describe(type, entries));
      file.getServices().forEach(service -> describe(service, entries));
    }
    return new WireContract(entries);
  }

  /** Reads what {@link #toLines} wrote; lines that start with # are comments. */
  static WireContract parse(List<String> lines) {
    Map<String, String> entries = new TreeMap<>();
    for (String line : lines) {
      int end = line.indexOf(SEPARATOR);
      if (!line.startsWith("#") && end > 0) {
        entries.put(line.substring(0, end), line.substring(end + SEPARATOR.length()));
      }
    }
    return new WireContract(entries);
  }

  List<String> toLines() {
    return entries.entrySet().stream().map(e -> e.getKey() + SEPARATOR + e.getValue()).toList();
  }

  /**
   * One sentence per entry that {@code later} removed or changed. What it added is no breach: a
   * peer that does not know a field ignores it.
   */
  List<String> breachesIn(WireContract later) {
    List<String> breaches = new ArrayList<>();
    entries.forEach(
        (key, value) -> {
          String now = later.entries.get(key);
          if (now == null) {
            breaches.add("removed: " + key + SEPARATOR + value);
          } else if (!now.equals(value)) {
            breaches.add("changed: " + key + ": was " + value + ", is " + now);
          }
        });
    return breaches;
  }

  private static void describe(Descriptor message, Map<String, String> entries) {
    if (message.getOptions().getMapEntry()) {
      return;
    }
    entries.put("message " + message.getFullName(), "exists");
    for (FieldDescriptor field : message.getFields()) {
      entries.put("field " + message.getFullName() + " " + field.getNumber(), textOf(field));
    }
    message.getNestedTypes().forEach(nested -> describe(nested, entries));
    message.getEnumTypes().forEach(nested -> describe(nested, entries));
  }

  private static void describe(EnumDescriptor type, Map<String, String> entries) {
    for (EnumValueDescriptor value : type.getValues()) {
      entries.put("value " + type.getFullName() + " " + value.getNumber(), value.getName());
    }
  }

  private static void describe(ServiceDescriptor service, Map<String, String> entries) {
    for (MethodDescriptor call : service.getMethods()) {
      entries.put(
          "call " + call.getFullName(),
          stream(call.isClientStreaming())
              + call.getInputType().getFullName()
              + " -> "
              + stream(call.isServerStreaming())
              + call.getOutputType().getFullName());
    }
  }

  private static String stream(boolean isStreaming) {
    return isStreaming ? "stream " : "";
  }

  private static String textOf(FieldDescriptor field) {
    OneofDescriptor oneof = field.getRealContainingOneof();
    if (oneof != null) {
      return "oneof " + oneof.getName() + " " + typeOf(field) + " " + field.getName();
    }
    return presenceOf(field) + typeOf(field) + " " + field.getName();
  }

  private static String presenceOf(FieldDescriptor field) {
    if (field.isMapField()) {
      return "";
    }
    if (field.isRepeated()) {
      return "repeated ";
    }
    return field.getContainingOneof() == null ? "" : "optional ";
  }

  private static String typeOf(FieldDescriptor field) {
    if (field.isMapField()) {
      List<FieldDescriptor> entry = field.getMessageType().getFields();
      return "map<" + typeOf(entry.getFirst()) + ", " + typeOf(entry.getLast()) + ">";
    }
    return switch (field.getJavaType()) {
      case MESSAGE -> field.getMessageType().getFullName();
      case ENUM -> field.getEnumType().getFullName();
      case INT, LONG, FLOAT, DOUBLE, BOOLEAN, STRING, BYTE_STRING ->
          field.getType().name().toLowerCase(Locale.ROOT);
    };
  }
}
