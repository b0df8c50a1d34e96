package dev.fenceline.security;

import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Private keys in the three PEM forms that certificate tools write. Stateless.
 *
 * <p>The JDK reads PKCS#8 only; the older forms (RFC 8017 A.1.2, RFC 5915) are put into its
 * envelope (RFC 5208), which names the algorithm.
 */
final class PrivateKeyPem {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z ]*PRIVATE KEY)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");

  private static final int SEQUENCE = 0x30;
  private static final int OCTET_STRING = 0x04;
  private static final int OBJECT_ID = 0x06;
  private static final int CURVE_TAG = 0xA0;
  private static final byte[] VERSION_0 = {2, 1, 0};
  private static final byte[] NULL = {5, 0};
  private static final byte[] RSA_OID = {
    6, 9, 42, (byte) 134, 72, (byte) 134, (byte) 247, 13, 1, 1, 1
  };
  private static final byte[] EC_OID = {6, 7, 42, (byte) 134, 72, (byte) 206, 61, 2, 1};

  private PrivateKeyPem() {}

  /**
   * @throws GeneralSecurityException if there is no key, or one of an unknown kind
   */
  static PrivateKey parse(String pem) throws GeneralSecurityException {
    Matcher block = BLOCK.matcher(pem);
    if (!block.find()) {
      throw new InvalidKeyException("there is no unencrypted BEGIN PRIVATE KEY block");
    }
    byte[] der = Base64.getMimeDecoder().decode(block.group(2));
    return switch (block.group(1)) {
      case "PRIVATE KEY" -> fromPkcs8(der);
      case "RSA PRIVATE KEY" -> fromPkcs8(envelope(concat(RSA_OID, NULL), der));
      case "EC PRIVATE KEY" -> fromPkcs8(envelope(concat(EC_OID, curveOf(der)), der));
      default -> throw new InvalidKeyException(block.group(1) + " is not supported");
    };
  }

  private static PrivateKey fromPkcs8(byte[] der) throws GeneralSecurityException {
    for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
      } catch (InvalidKeySpecException e) {
        // Of another algorithm: the next one is asked.
      }
    }
    throw new InvalidKeyException("it is neither an EC nor an RSA nor an EdDSA key");
  }

  private static byte[] envelope(byte[] algorithm, byte[] key) {
    return element(
        SEQUENCE, concat(VERSION_0, element(SEQUENCE, algorithm), element(OCTET_STRING, key)));
  }

  /** ECPrivateKey: a version, the key, then tagged [0] the curve's object id. */
  private static byte[] curveOf(byte[] der) throws InvalidKeyException {
    try {
      int at = contentAt(der, 0);
      while (at < der.length) {
        int content = contentAt(der, at);
        if ((der[at] & 0xff) == CURVE_TAG && der[content] == OBJECT_ID) {
          byte[] curve = new byte[2 + der[content + 1]];
          System.arraycopy(der, content, curve, 0, curve.length);
          return curve;
        }
        at = content + length(der, at);
      }
    } catch (IndexOutOfBoundsException | NegativeArraySizeException e) {
      throw new InvalidKeyException("the EC key is cut off", e);
    }
    throw new InvalidKeyException("the EC key does not name its curve");
  }

  private static int length(byte[] der, int at) {
    int first = der[at + 1] & 0xff;
    if (first < 0x80) {
      return first;
    }
    int length = 0;
    for (int i = 0; i < (first & 0x7f); i++) {
      length = (length << 8) | (der[at + 2 + i] & 0xff);
    }
    return length;
  }

  private static int contentAt(byte[] der, int at) {
    int first = der[at + 1] & 0xff;
    return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
  }

  private static byte[] element(int tag, byte[] content) {
    int length = content.length;
    byte[] header =
        length < 0x80
            ? new byte[] {(byte) tag, (byte) length}
            : new byte[] {(byte) tag, (byte) 0x82, (byte) (length >> 8), (byte) length};
    return concat(header, content);
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
