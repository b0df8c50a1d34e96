package dev.fenceline.coordinator.adapter.rest;

import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.IntegerSchema;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.ObjectSchema;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.media.StringSchema;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.responses.ApiResponses;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springdoc.core.customizers.OpenApiCustomizer;
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
  private static final Map<String, String> PROBLEMS = new LinkedHashMap<>();

  static {
    PROBLEMS.put("400", "invalid-parameter: names the parameter, its value and the allowed form");
    PROBLEMS.put(
        "404", "unknown-host, unknown-agent, unknown-device, unknown-address-space, unknown-fence");
    PROBLEMS.put("410", "host-left");
    PROBLEMS.put("502", "host-unreachable: names the host and since when; host-answer-unusable");
    PROBLEMS.put("503", "recovering (with Retry-After), overloaded");
    PROBLEMS.put("504", "host-unreachable: the host did not answer in time");
  }

  private final AnswerGate gate;
  private final Audit audit;

  RestConfiguration(AnswerGate gate, Audit audit) {
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

  /** The document's head. */
  @Bean
  OpenAPI openApi() {
    return new OpenAPI()
        .info(
            new Info()
                .title("Fenceline coordinator")
                .version("v1")
                .description(
                    "Who is alive, what is where, and who waits for whom. Addresses are hex"
                        + " strings, durations name their unit. Everything but /api/v1/status"
                        + " answers 503 `recovering` until the coordinator knows the nodes"
                        + " again."));
  }

  /** Every resource may answer with these problems. */
  @Bean
  OpenApiCustomizer problemResponses() {
    return document -> {
      document.getComponents().addSchemas("Problem", problemSchema());
      document.getPaths().values().stream()
          .flatMap(path -> path.readOperations().stream())
          .forEach(operation -> addProblems(operation.getResponses()));
    };
  }

  private static void addProblems(ApiResponses responses) {
    PROBLEMS.forEach(
        (status, description) ->
            responses.addApiResponse(
                status, new ApiResponse().description(description).content(problemContent())));
  }

  private static Content problemContent() {
    return new Content()
        .addMediaType(
            "application/problem+json",
            new MediaType().schema(new Schema<>().$ref("#/components/schemas/Problem")));
  }

  private static Schema<?> problemSchema() {
    return new ObjectSchema()
        .description("RFC 9457; further members name the host, parameter, value, ...")
        .addProperty("type", new StringSchema().format("uri"))
        .addProperty("title", new StringSchema())
        .addProperty("status", new IntegerSchema())
        .addProperty("detail", new StringSchema())
        .addProperty("instance", new StringSchema().format("uri-reference"));
  }
}
