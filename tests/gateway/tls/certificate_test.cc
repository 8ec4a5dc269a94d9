#include "gateway/tls/certificate.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/gateway/tls/tls_client.h"

namespace {

namespace fs = std::filesystem;
using testing_support::make_context;
using testing_support::shake_hands;
using testing_support::TlsClient;

class CertificateTest : public testing::Test {
 protected:
  CertificateTest() { fs::create_directories(directory_); }
  ~CertificateTest() override { fs::remove_all(directory_); }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_ / name; }
  static void write_certificate(const std::string& file, const tls::Certificate& certificate) {
    std::FILE* to = std::fopen(file.c_str(), "a");
    PEM_write_X509(to, certificate.leaf.get());
    std::fclose(to);
  }
  static void write_key(const std::string& file, const tls::Certificate& certificate,
                        const char* pass_phrase = nullptr) {
    std::FILE* to = std::fopen(file.c_str(), "a");
    PEM_write_PrivateKey(to, certificate.key.get(),
                         pass_phrase != nullptr ? EVP_aes_128_cbc() : nullptr, nullptr, 0, nullptr,
                         const_cast<char*>(pass_phrase));
    std::fclose(to);
  }
  static std::string error_of(const std::string& certificate, const std::string& key) {
    const auto read = tls::read_certificate(certificate, key);
    return read ? "none" : read.error();
  }

  const fs::path directory_ =
      fs::temp_directory_path() / ("dunlin-certificate-test-" + std::to_string(getpid()));
  const tls::Certificate made_ = tls::make_self_signed();
};

TEST_F(CertificateTest, ReadsTwoFilesOrOne) {
  write_certificate(path("a.crt"), made_);
  write_key(path("a.key"), made_);
  const auto two = tls::read_certificate(path("a.crt"), path("a.key"));
  ASSERT_TRUE(two) << two.error();
  EXPECT_EQ(two->names, std::vector<std::string>{"localhost"});
  EXPECT_TRUE(two->chain.empty());
  EXPECT_NEAR(tls::days_left(*two), 30, 1);
  EXPECT_NEAR(static_cast<double>(tls::not_after_s(*two) - std::time(nullptr)), 30 * 86'400, 600);
  write_certificate(path("one.pem"), made_);
  write_certificate(path("one.pem"), tls::make_self_signed());  // As if it were the issuer.
  write_key(path("one.pem"), made_);
  const auto one = tls::read_certificate(path("one.pem"), "");
  ASSERT_TRUE(one) << one.error();
  EXPECT_EQ(one->chain.size(), 1U);
}

TEST_F(CertificateTest, SaysWhatIsWrong) {
  EXPECT_EQ(error_of(path("none.crt"), ""),
            "cannot read " + path("none.crt") + ": No such file or directory");
  std::ofstream(path("empty.crt"));
  EXPECT_TRUE(error_of(path("empty.crt"), "").starts_with(path("empty.crt") + ": no certificate"));
  write_certificate(path("a.crt"), made_);
  EXPECT_TRUE(error_of(path("a.crt"), "").starts_with(path("a.crt") + ": no private key"));
  EXPECT_EQ(error_of(path("a.crt"), path("none.key")),
            "cannot read " + path("none.key") + ": No such file or directory");
  write_key(path("secret.key"), made_, "pass");
  EXPECT_TRUE(error_of(path("a.crt"), path("secret.key")).find("pass phrase") != std::string::npos);
  write_key(path("other.key"), tls::make_self_signed());
  EXPECT_TRUE(error_of(path("a.crt"), path("other.key")).find("another certificate") !=
              std::string::npos);
}

TEST(Covers, NamesAndWildcards) {
  tls::Certificate certificate;
  certificate.names = {"example.org", "*.example.org", "*.b.example.org"};
  for (const char* host : {"example.org", "a.example.org", "x.b.example.org"}) {
    EXPECT_TRUE(tls::covers(certificate, host)) << host;
  }
  for (const char* host : {"", "org", ".example.org", "a.b.c.example.org", "aexample.org",
                           "example.org.evil", "*.org"}) {
    EXPECT_FALSE(tls::covers(certificate, host)) << host;
  }
}

std::shared_ptr<const tls::Certificate> named(const std::string& name) {
  auto certificate = std::make_shared<tls::Certificate>(tls::make_self_signed());
  X509_NAME* subject = X509_get_subject_name(certificate->leaf.get());
  X509_NAME_ENTRY_free(X509_NAME_delete_entry(subject, 0));
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_sign(certificate->leaf.get(), certificate->key.get(), EVP_sha256());
  certificate->names = {name};
  return certificate;
}

TEST(Context, ChoosesTheCertificateByName) {
  const auto context =
      make_context({.certificates = {named("first.test"), named("b.test"), named("*.c.test")}});
  const std::pair<std::string, std::string> rows[] = {
      {"first.test", "first.test"}, {"b.test", "b.test"},           {"B.Test", "b.test"},
      {"x.c.test", "*.c.test"},     {"unknown.test", "first.test"}, {"", "first.test"}};
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const auto& [asked, shown] : rows) {
      auto stream = tls::Stream::make(context);
      TlsClient client({.name = asked, .version = version});
      shake_hands(*stream, client);
      EXPECT_EQ(stream->state(), tls::Stream::State::kOpen) << asked;
      EXPECT_EQ(client.shown(), shown) << asked;
    }
  }
}

}  // namespace
