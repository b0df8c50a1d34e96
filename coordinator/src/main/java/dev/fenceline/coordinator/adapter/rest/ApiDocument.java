package dev.fenceline.coordinator.adapter.rest;

import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.PathItem;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.IntegerSchema;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.ObjectSchema;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.media.StringSchema;
import io.swagger.v3.oas.models.parameters.HeaderParameter;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.responses.ApiResponses;
import io.swagger.v3.oas.models.security.SecurityRequirement;
import io.swagger.v3.oas.models.security.SecurityScheme;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What the OpenAPI document says beyond single resources. Stateless. */
@Configuration(proxyBeanMethods = false)
class ApiDocument {
  private static final String BEARER = "bearer";
  private static final String COOKIE = "session";
  private static final String SESSION_PATH = "/api/v1/session";

  /** What a response may be refused with, by who may be refused so. */
  private static final Map<String, String> EVERYWHERE = new LinkedHashMap<>();

  private static final Map<String, String> WRITES = new LinkedHashMap<>();
  private static final Map<String, String> BODIES = new LinkedHashMap<>();

  static {
    EVERYWHERE.put("400", "invalid-parameter: names the parameter, its value and the allowed form");
    EVERYWHERE.put("401", "unauthenticated: no token, or one that is not known (WWW-Authenticate)");
    EVERYWHERE.put("403", "forbidden: the role does not permit it; cross-site-request");
    EVERYWHERE.put(
        "404",
        "unknown-host, unknown-agent, unknown-device, unknown-address-space, unknown-fence,"
            + " unknown-program, unknown-pin");
    EVERYWHERE.put("406", "not-acceptable");
    EVERYWHERE.put("410", "host-left, agent-left");
    EVERYWHERE.put("429", "rate-limited (Retry-After)");
    EVERYWHERE.put(
        "502", "host-unreachable, agent-unreachable: names it and since when; ...-answer-unusable");
    EVERYWHERE.put("503", "recovering, overloaded (Retry-After); request-refused for want of room");
    EVERYWHERE.put("504", "host-unreachable, agent-unreachable: no answer in time");
    WRITES.put("409", "request-refused as things stand (errno), request-under-way");
    BODIES.put("413", "body-too-large: more than 64 KiB");
    BODIES.put("415", "unsupported-media-type: bodies are application/json");
    BODIES.put("422", "idempotency-conflict: the key was used for another request");
  }

  private static final Map<String, Map<String, Object>> EXAMPLES = new LinkedHashMap<>();

  static {
    EXAMPLES.put("createSpace", example("hostId", "host-1", "name", "scratch"));
    EXAMPLES.put(
        "operate",
        example(
            "type",
            "invalidate",
            "address",
            "0x7f0000000000",
            "length",
            1 << 21,
            "wait",
            example("mode", "deadline", "deadlineMillis", 100)));
    EXAMPLES.put(
        "submitProgram",
        example(
            "device",
            "agent-1/0",
            "space",
            "host-1.1",
            "kind",
            "checksum",
            "address",
            "0x7f0000000000",
            "length",
            4096));
    EXAMPLES.put("drainAgent", example("deadlineSeconds", 30, "reason", "firmware update"));
    EXAMPLES.put("drainDevice", example("deadlineSeconds", 30, "reason", "firmware update"));
    EXAMPLES.put("quarantineAgent", example("reason", "keeps fences waiting", "holdSeconds", 600));
    EXAMPLES.put("logIn", example("token", "fl_2f6h..."));
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
                        + " strings, durations name their unit, no member of an answer is ever left"
                        + " out. Everything but status, events and session answers 503 `recovering`"
                        + " until the coordinator knows the nodes again."))
        .components(
            new Components()
                .addSecuritySchemes(
                    BEARER, new SecurityScheme().type(SecurityScheme.Type.HTTP).scheme(BEARER))
                .addSecuritySchemes(
                    COOKIE,
                    new SecurityScheme()
                        .type(SecurityScheme.Type.APIKEY)
                        .in(SecurityScheme.In.COOKIE)
                        .name("fenceline-session")))
        .addSecurityItem(new SecurityRequirement().addList(BEARER))
        .addSecurityItem(new SecurityRequirement().addList(COOKIE));
  }

  /** What holds for every resource is said once, here. */
  @Bean
  OpenApiCustomizer commonParts() {
    return document -> {
      document.getComponents().getSchemas().forEach(ApiDocument::requireAll);
      document.getComponents().addSchemas("Problem", problemSchema());
      document
          .getPaths()
          .forEach(
              (path, item) ->
                  item.readOperationsMap()
                      .forEach((method, operation) -> complete(path, method, operation)));
    };
  }

  private static void complete(String path, PathItem.HttpMethod method, Operation operation) {
    ApiResponses responses = operation.getResponses();
    addProblems(responses, EVERYWHERE);
    if (method == PathItem.HttpMethod.GET) {
      operation.addParametersItem(
          header("If-None-Match", "The ETag of an earlier answer").example("W/\"0a1b\""));
      responses.addApiResponse("304", new ApiResponse().description("As the ETag says"));
    } else {
      addProblems(responses, WRITES);
    }
    if (method == PathItem.HttpMethod.POST && !path.equals(SESSION_PATH)) {
      operation.addParametersItem(
          header(IdempotentAnswers.HEADER, "1 to 128 printable characters: carried out once"));
    }
    if (operation.getRequestBody() != null) {
      addProblems(responses, BODIES);
      Map<String, Object> example = EXAMPLES.get(operation.getOperationId());
      if (example != null) {
        operation.getRequestBody().getContent().values().forEach(each -> each.setExample(example));
      }
    } else if (method == PathItem.HttpMethod.POST) {
      responses.addApiResponse("422", problem("422", BODIES.getOrDefault("422", "")));
    }
    if (operation.getSecurity() == null && path.equals(SESSION_PATH)) {
      operation.setSecurity(List.of(new SecurityRequirement()));
    }
  }

  private static HeaderParameter header(String name, String description) {
    HeaderParameter parameter = new HeaderParameter();
    parameter.name(name).required(false).description(description).schema(new StringSchema());
    return parameter;
  }

  private static void addProblems(ApiResponses responses, Map<String, String> problems) {
    problems.forEach(
        (status, description) -> responses.addApiResponse(status, problem(status, description)));
  }

  private static ApiResponse problem(String status, String description) {
    String slug = description.split("[:, ]", 2)[0];
    return new ApiResponse()
        .description(description)
        .content(
            new Content()
                .addMediaType(
                    "application/problem+json",
                    new MediaType()
                        .schema(new Schema<>().$ref("#/components/schemas/Problem"))
                        .example(
                            example(
                                "type",
                                "https://fenceline.dev/problems/" + slug,
                                "title",
                                "In a few words",
                                "status",
                                Integer.parseInt(status),
                                "detail",
                                "What was wrong, with the value, and what to do",
                                "instance",
                                "/api/v1/..."))));
  }

  /**
   * No member of an answer is left out, and each shows what it looks like; what a body needs is
   * said where it is declared.
   */
  private static void requireAll(String name, Schema<?> schema) {
    if (!name.endsWith("Body") && schema.getProperties() != null) {
      schema.setRequired(new ArrayList<>(schema.getProperties().keySet()));
      AnswerExamples.fill(schema);
    }
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

  private static Map<String, Object> example(Object... namesAndValues) {
    Map<String, Object> members = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      members.put(namesAndValues[i].toString(), namesAndValues[i + 1]);
    }
    return members;
  }
}
