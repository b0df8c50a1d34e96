package dev.fenceline.security;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Lets a call pass if the peer's certificate names an identity that may call the service, and tells
 * the handler who that is. Thread-safe.
 */
final class PeerInterceptor implements ServerInterceptor {
  private final String trustDomain;
  private final AccessTable table;
  private final RefusalObserver observer;

  PeerInterceptor(String trustDomain, AccessTable table, RefusalObserver observer) {
    this.trustDomain = trustDomain;
    this.table = table;
    this.observer = observer;
  }

  @Override
  public <Q, P> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, P> call, Metadata headers, ServerCallHandler<Q, P> next) {
    X509Certificate certificate =
        certificate(call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION));
    if (certificate == null) {
      return refuse(call, Status.UNAUTHENTICATED, "a certificate is required");
    }
    return switch (CertificateIdentity.read(certificate, trustDomain)) {
      case CertificateIdentity.Reading.Unusable unusable ->
          refuse(call, Status.UNAUTHENTICATED, "the certificate " + unusable.why());
      case CertificateIdentity.Reading.Known known -> {
        String service = service(call);
        String objection = table.objection(service, known.identity());
        if (objection != null) {
          yield refuse(call, Status.PERMISSION_DENIED, objection);
        }
        Context context =
            Context.current().withValue(Peer.KEY, new Peer.Verified(known.identity()));
        yield Contexts.interceptCall(context, call, headers, next);
      }
    };
  }

  private <Q, P> ServerCall.Listener<Q> refuse(ServerCall<Q, P> call, Status status, String why) {
    observer.refused(service(call), why);
    call.close(status.withDescription(why), new Metadata());
    return new ServerCall.Listener<>() {};
  }

  private static String service(ServerCall<?, ?> call) {
    return String.valueOf(
        MethodDescriptor.extractFullServiceName(call.getMethodDescriptor().getFullMethodName()));
  }

  private static @Nullable X509Certificate certificate(@Nullable SSLSession session) {
    try {
      Certificate[] chain = session == null ? new Certificate[0] : session.getPeerCertificates();
      return chain.length > 0 && chain[0] instanceof X509Certificate leaf ? leaf : null;
    } catch (SSLPeerUnverifiedException e) {
      return null;
    }
  }
}
