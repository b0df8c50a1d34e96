package dev.fenceline.rules;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * The house rules that only the source text can tell: sizes, names, type comments. Stateless; every
 * method returns one sentence per breach.
 */
public final class SourceRules {

  static final int MAX_FILE_LINES = 500;
  static final int MAX_METHOD_LINES = 70;
  static final int MAX_PARAMETERS = 6;

  private static final Pattern EMPTY_NAME = Pattern.compile(".*(Manager|Helper|Utils?|Impl)");
  private static final Pattern OPEN_ENDED_TODO =
      Pattern.compile("\\b(TODO|FIXME|XXX)\\b(?!\\(#\\d+\\))");

  private SourceRules() {}

  /** The breaches in every Java file below {@code root}, which may be absent. */
  public static List<String> breachesBelow(Path root) throws IOException {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (var walk = Files.walk(root)) {
      return breachesIn(walk.filter(path -> path.toString().endsWith(".java")).sorted().toList());
    }
  }

  static List<String> breachesIn(List<Path> files) throws IOException {
    List<String> breaches = new ArrayList<>();
    if (files.isEmpty()) {
      return breaches;
    }
    for (Path file : files) {
      checkText(file, Files.readAllLines(file), breaches);
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager manager =
        compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
      Iterable<? extends JavaFileObject> sources = manager.getJavaFileObjectsFromPaths(files);
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null, manager, diagnostic -> {}, List.of("-proc:none"), null, sources);
      DocTrees trees = DocTrees.instance(task);
      for (CompilationUnitTree unit : task.parse()) {
        new SizeScanner(unit, trees, breaches).scan(unit, null);
      }
    }
    return breaches;
  }

  private static void checkText(Path file, List<String> lines, List<String> breaches) {
    if (lines.size() > MAX_FILE_LINES) {
      breaches.add(file + ": " + lines.size() + " lines, at most " + MAX_FILE_LINES);
    }
    for (int i = 0; i < lines.size(); i++) {
      if (OPEN_ENDED_TODO.matcher(lines.get(i)).find() && !file.endsWith("SourceRules.java")) {
        breaches.add(file + ":" + (i + 1) + ": a TODO needs an issue number: TODO(#12)");
      }
    }
  }

  /** Walks one file's tree. Confined to its thread. */
  private static final class SizeScanner extends TreePathScanner<@Nullable Void, @Nullable Void> {

    private final CompilationUnitTree unit;
    private final DocTrees trees;
    private final List<String> breaches;

    SizeScanner(CompilationUnitTree unit, DocTrees trees, List<String> breaches) {
      this.unit = unit;
      this.trees = trees;
      this.breaches = breaches;
    }

    @Override
    public @Nullable Void visitClass(ClassTree type, @Nullable Void unused) {
      if (EMPTY_NAME.matcher(type.getSimpleName()).matches()) {
        breach(type, type.getSimpleName() + " does not name a responsibility");
      }
      boolean isTopLevel =
          getCurrentPath().getParentPath().getLeaf() instanceof CompilationUnitTree;
      if (isTopLevel && isMainSource() && trees.getDocComment(getCurrentPath()) == null) {
        breach(type, type.getSimpleName() + " lacks the comment that says what it is");
      }
      return super.visitClass(type, unused);
    }

    @Override
    public @Nullable Void visitMethod(MethodTree method, @Nullable Void unused) {
      long lines = lineOf(end(method)) - lineOf(start(method)) + 1;
      if (lines > MAX_METHOD_LINES) {
        breach(method, method.getName() + " has " + lines + " lines, at most " + MAX_METHOD_LINES);
      }
      if (method.getParameters().size() > MAX_PARAMETERS && !isCanonicalConstructor(method)) {
        breach(method, method.getName() + " has more than " + MAX_PARAMETERS + " parameters");
      }
      return super.visitMethod(method, unused);
    }

    private boolean isCanonicalConstructor(MethodTree method) {
      TreePath parent = getCurrentPath().getParentPath();
      return method.getReturnType() == null && parent.getLeaf().getKind() == Tree.Kind.RECORD;
    }

    private boolean isMainSource() {
      return !unit.getSourceFile().getName().replace('\\', '/').contains("src/test/");
    }

    private void breach(Tree tree, String what) {
      breaches.add(unit.getSourceFile().getName() + ":" + lineOf(start(tree)) + ": " + what);
    }

    private long start(Tree tree) {
      return trees.getSourcePositions().getStartPosition(unit, tree);
    }

    private long end(Tree tree) {
      return trees.getSourcePositions().getEndPosition(unit, tree);
    }

    private long lineOf(long position) {
      return unit.getLineMap().getLineNumber(position);
    }
  }
}
