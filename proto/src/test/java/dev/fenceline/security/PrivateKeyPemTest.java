package dev.fenceline.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringWriter;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.util.io.pem.PemObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bouncy Castle writes the files. */
class PrivateKeyPemTest {
  @ParameterizedTest
  @ValueSource(strings = {"secp256r1", "secp384r1", "secp521r1"})
  void ecKeys_areReadInBothForms(String curve) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec(curve));
    KeyPair pair = generator.generateKeyPair();
    assertBelongs(
        PrivateKeyPem.parse(sec1((ECPrivateKey) pair.getPrivate())), pair, "SHA256withECDSA");
    assertBelongs(PrivateKeyPem.parse(pkcs8(pair)), pair, "SHA256withECDSA");
  }

  @ParameterizedTest
  @ValueSource(ints = {2048, 4096})
  void rsaKeys_areReadInBothForms(int bits) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(bits);
    KeyPair pair = generator.generateKeyPair();
    String older = pem(pair);
    assertThat(older).startsWith("-----BEGIN RSA PRIVATE KEY-----");
    assertBelongs(PrivateKeyPem.parse(older), pair, "SHA256withRSA");
    assertBelongs(PrivateKeyPem.parse(pkcs8(pair)), pair, "SHA256withRSA");
  }

  @Test
  void ed25519_isRead() throws Exception {
    KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    assertBelongs(PrivateKeyPem.parse(pkcs8(pair)), pair, "Ed25519");
  }

  @Test
  void whatIsNoKey_isRefused() {
    for (String text :
        new String[] {
          "",
          "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
          "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
          "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
          "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n",
          "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n",
          "-----BEGIN RSA PRIVATE KEY-----\n\n-----END RSA PRIVATE KEY-----\n"
        }) {
      assertThatThrownBy(() -> PrivateKeyPem.parse(text))
          .as(text)
          .isInstanceOf(GeneralSecurityException.class);
    }
  }

  private static void assertBelongs(PrivateKey key, KeyPair pair, String algorithm)
      throws GeneralSecurityException {
    Signature signer = Signature.getInstance(algorithm);
    signer.initSign(key);
    signer.update((byte) 7);
    Signature verifier = Signature.getInstance(algorithm);
    verifier.initVerify(pair.getPublic());
    verifier.update((byte) 7);
    assertThat(verifier.verify(signer.sign())).isTrue();
  }

  private static String pem(KeyPair pair) throws IOException {
    return written(pair.getPrivate());
  }

  /** As openssl and Go write it: with the curve's name inside. */
  private static String sec1(ECPrivateKey key) throws IOException {
    ASN1Encodable curve =
        PrivateKeyInfo.getInstance(key.getEncoded()).getPrivateKeyAlgorithm().getParameters();
    return written(
        new PemObject(
            "EC PRIVATE KEY",
            new org.bouncycastle.asn1.sec.ECPrivateKey(
                    key.getParams().getOrder().bitLength(), key.getS(), curve)
                .getEncoded()));
  }

  private static String pkcs8(KeyPair pair) throws IOException {
    return written(new JcaPKCS8Generator(pair.getPrivate(), null));
  }

  private static String written(Object value) throws IOException {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(value);
    }
    return text.toString();
  }
}
