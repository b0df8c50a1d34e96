package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.runtime.CallerTrace;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.AsyncHandlerInterceptor;

/** Takes the caller's {@code traceparent} along to the nodes that are asked. Thread-safe. */
@Component
class TraceEntry implements AsyncHandlerInterceptor {
  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    CallerTrace.enter(request.getHeader("traceparent"));
    return true;
  }

  @Override
  public void afterConcurrentHandlingStarted(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    CallerTrace.leave();
  }

  @Override
  public void afterCompletion(
      HttpServletRequest request,
      HttpServletResponse response,
      Object handler,
      @Nullable Exception failure) {
    CallerTrace.leave();
  }
}
