package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.engine.RegistryView;
import dev.fenceline.coordinator.runtime.RegistryRuntime;
import dev.fenceline.model.HumanTime;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeSet;
import org.springframework.core.MethodParameter;
import org.springframework.stereotype.Component;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Lets no request through to an answer that would be wrong: while recovering, what is not known is
 * not empty; a misspelt parameter would be a filter that does not filter. Thread-safe.
 */
@Component
class AnswerGate implements HandlerInterceptor {
  private static final String OURS = "dev.fenceline.coordinator.adapter.";
  static final String STATUS_PATH = "/api/v1/status";

  private final RegistryRuntime runtime;

  AnswerGate(RegistryRuntime runtime) {
    this.runtime = runtime;
  }

  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    if (handler instanceof HandlerMethod method && isOurs(method)) {
      checkParameters(request.getParameterMap(), method);
      if (!method.hasMethodAnnotation(AnsweredWhileRecovering.class)) {
        checkRecovered();
      }
    }
    return true;
  }

  private static boolean isOurs(HandlerMethod method) {
    return method.getBeanType().getPackageName().startsWith(OURS)
        && method.getBeanType() != ErrorResource.class;
  }

  private void checkRecovered() {
    if (!runtime.counts().recovering()) {
      return;
    }
    RegistryView view = runtime.read((engine, nowNanos) -> engine.view(nowNanos));
    if (view.recovering()) {
      long seconds = Math.max(1, Math.ceilDiv(view.recoveryLeftNanos(), 1_000_000_000L));
      throw new ProblemException(
              ProblemType.RECOVERING,
              "the coordinator started "
                  + HumanTime.of(view.uptimeNanos())
                  + " ago and waits for nodes to report; ask again in "
                  + seconds
                  + " s")
          .with(ProblemAdvice.RETRY_AFTER_SECONDS, seconds);
    }
  }

  private static void checkParameters(Map<String, String[]> given, HandlerMethod method) {
    TreeSet<String> known = new TreeSet<>();
    for (MethodParameter parameter : method.getMethodParameters()) {
      RequestParam annotation = parameter.getParameterAnnotation(RequestParam.class);
      if (annotation != null) {
        known.add(annotation.name());
      }
    }
    if (method.hasMethodAnnotation(TakesFields.class)) {
      known.add(SparseFields.PARAMETER);
    }
    given.forEach(
        (name, values) -> {
          if (!known.contains(name)) {
            throw new ProblemException(
                    ProblemType.INVALID_PARAMETER,
                    "parameter '"
                        + Printable.of(name)
                        + "' is not known here; known: "
                        + (known.isEmpty() ? "none" : String.join(", ", known)))
                .with("parameter", Printable.of(name))
                .with("expected", known.isEmpty() ? "no parameters" : "one of " + known);
          }
          if (values.length > 1) {
            throw ProblemException.invalidParameter(
                name, String.join(", ", Arrays.asList(values)), "given once");
          }
        });
  }
}
