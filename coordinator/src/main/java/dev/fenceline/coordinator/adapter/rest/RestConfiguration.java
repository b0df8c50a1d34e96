package dev.fenceline.coordinator.adapter.rest;

import java.util.List;
import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.web.filter.ShallowEtagHeaderFilter;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.type.LogicalType;

/** What all resources share: the gate before them, and their description. Stateless. */
@Configuration(proxyBeanMethods = false)
class RestConfiguration implements WebMvcConfigurer {
  private final AnswerGate gate;
  private final Audit audit;
  private final TraceEntry trace;

  RestConfiguration(AnswerGate gate, Audit audit, TraceEntry trace) {
    this.trace = trace;
    this.gate = gate;
    this.audit = audit;
  }

  /** Bodies mean what they say: nothing unknown, nothing twice, no text that is a number. */
  @Bean
  JsonMapperBuilderCustomizer strictBodies() {
    return builder -> {
      builder
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS);
      for (LogicalType type : List.of(LogicalType.Textual, LogicalType.Boolean)) {
        builder.withCoercionConfig(
            type,
            config -> {
              config.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail);
              config.setCoercion(CoercionInputShape.Float, CoercionAction.Fail);
              if (type == LogicalType.Textual) {
                config.setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
              }
            });
      }
    };
  }

  @Override
  public void addInterceptors(InterceptorRegistry registry) {
    registry.addInterceptor(trace);
    registry.addInterceptor(audit);
    registry.addInterceptor(gate);
  }

  /**
   * Weak, since a compressed answer has other bytes; made from the answer itself, so that equal
   * tags mean equal answers.
   */
  @Bean
  FilterRegistrationBean<ShallowEtagHeaderFilter> entityTags() {
    ShallowEtagHeaderFilter filter = new ShallowEtagHeaderFilter();
    filter.setWriteWeakETag(true);
    FilterRegistrationBean<ShallowEtagHeaderFilter> registration =
        new FilterRegistrationBean<>(filter);
    registration.addUrlPatterns("/api/v1/*");
    return registration;
  }

  /** Behind the server's own customizers, so that this valve is the innermost and reports first. */
  @Bean
  @Order(Ordered.LOWEST_PRECEDENCE)
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> problemReports() {
    return factory ->
        factory.addContextCustomizers(
            context -> context.getParent().getPipeline().addValve(new ProblemReportValve()));
  }
}
