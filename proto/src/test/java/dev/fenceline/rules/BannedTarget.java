package dev.fenceline.rules;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import java.util.Set;

/**
 * Calls and fields of the JDK's data packages whose outcome differs from run to run: clocks, random
 * sources without a seed, collections of random order, parallelism, and the process's own streams.
 * Immutable.
 */
final class BannedTarget extends DescribedPredicate<JavaAccess<?>> {

  /** Owner and member; in these classes every other member is harmless. */
  private static final Set<String> MEMBERS =
      Set.of(
          "java.lang.System.currentTimeMillis",
          "java.lang.System.err",
          "java.lang.System.exit",
          "java.lang.System.getenv",
          "java.lang.System.getProperty",
          "java.lang.System.identityHashCode",
          "java.lang.System.in",
          "java.lang.System.nanoTime",
          "java.lang.System.out",
          "java.lang.Math.random",
          "java.util.UUID.randomUUID",
          "java.util.Map.copyOf",
          "java.util.Map.of",
          "java.util.Map.ofEntries",
          "java.util.Set.copyOf",
          "java.util.Set.of",
          "java.util.stream.Collectors.groupingByConcurrent",
          "java.util.stream.Collectors.toConcurrentMap",
          "java.util.stream.Collectors.toSet",
          "java.util.stream.Collectors.toUnmodifiableMap",
          "java.util.stream.Collectors.toUnmodifiableSet");

  /** With fewer parameters these choose a HashMap, or a seed, by themselves. */
  private static final Set<String> TOO_FEW_PARAMETERS =
      Set.of(
          "java.util.Random.<init>/0",
          "java.util.SplittableRandom.<init>/0",
          "java.util.Collections.shuffle/1",
          "java.util.stream.Collectors.groupingBy/1",
          "java.util.stream.Collectors.groupingBy/2",
          "java.util.stream.Collectors.toMap/2",
          "java.util.stream.Collectors.toMap/3");

  private static final Set<String> NAMES_ANYWHERE = Set.of("parallel", "parallelStream");

  BannedTarget() {
    super("differs from run to run");
  }

  @Override
  public boolean test(JavaAccess<?> access) {
    String member = access.getTargetOwner().getName() + "." + access.getName();
    if (MEMBERS.contains(member)) {
      return true;
    }
    if (access.getTargetOwner().getName().startsWith("java.util.")
        && NAMES_ANYWHERE.contains(access.getName())) {
      return true;
    }
    return access.getTarget() instanceof CodeUnitAccessTarget target
        && TOO_FEW_PARAMETERS.contains(member + "/" + target.getRawParameterTypes().size());
  }
}
