// Records of TLS 1.3, beside what OpenSSL's cipher alone takes for the same bytes: with a key that
// is there already, as one connection after itself, and with another one each time, as a fan-out.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <array>
#include <memory>
#include <vector>

#include "gateway/tls/records.h"
#include "proto/base/assert.h"

namespace {

constexpr std::uint32_t kSuite = 0x1302;  // What OpenSSL's clients and ours agree on.

std::vector<std::unique_ptr<tls::Records>> make_connections(std::size_t count) {
  std::vector<std::unique_ptr<tls::Records>> made;
  for (std::size_t i = 0; i < count; ++i) {
    tls::TrafficSecrets secrets{.suite = tls::find_cipher_suite(kSuite)};
    secrets.server.fill(static_cast<std::byte>(i));
    made.push_back(std::make_unique<tls::Records>(secrets));
  }
  return made;
}

void encrypt(benchmark::State& state, std::size_t connections) {
  const auto all = make_connections(connections);
  const std::vector<std::byte> plain(static_cast<std::size_t>(state.range(0)));
  std::vector<std::byte> cipher;
  std::size_t next = 0;
  for (auto _ : state) {
    cipher.clear();
    all[next]->encrypt(plain, cipher);
    benchmark::DoNotOptimize(cipher.data());
    next = next + 1 == connections ? 0 : next + 1;
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void BM_OneConnection(benchmark::State& state) { encrypt(state, 1); }
void BM_ManyConnections(benchmark::State& state) { encrypt(state, 1'000); }

void BM_CipherAlone(benchmark::State& state) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  const std::array<unsigned char, 32> key{};
  std::array<unsigned char, 16> tag{};
  std::vector<unsigned char> text(static_cast<std::size_t>(state.range(0)));
  DUNLIN_ASSERT(EVP_CipherInit_ex2(context, cipher, key.data(), tag.data(), 1, nullptr) == 1);
  for (auto _ : state) {
    int size = 0;
    EVP_CipherInit_ex2(context, nullptr, nullptr, tag.data(), -1, nullptr);
    EVP_CipherUpdate(context, text.data(), &size, text.data(), static_cast<int>(text.size()));
    EVP_CipherFinal_ex(context, tag.data(), &size);
    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag.data());
    benchmark::DoNotOptimize(text.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
  EVP_CIPHER_free(cipher);
  EVP_CIPHER_CTX_free(context);
}

BENCHMARK(BM_OneConnection)->Name("encrypt_one_connection")->Arg(64)->Arg(1'024)->Arg(16'384);
BENCHMARK(BM_ManyConnections)->Name("encrypt_many_connections")->Arg(64)->Arg(1'024)->Arg(16'384);
BENCHMARK(BM_CipherAlone)->Name("cipher_alone")->Arg(64)->Arg(1'024)->Arg(16'384);

}  // namespace
