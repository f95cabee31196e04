#include "client/async.h"

#include "async_loop.h"
#include "encode.h"

namespace flotilla::client {
namespace {

Expected<bool> found(const Expected<Record>& record) {
  if (record) return true;
  if (record.error().is(Code::NotFound)) return false;
  return tl::unexpected(record.error());
}

}  // namespace

AsyncClient::AsyncClient(const Client& client, Options options)
    : loop_(std::make_unique<AsyncLoop>(*client.cluster_, options)) {}
AsyncClient::AsyncClient(AsyncClient&&) noexcept = default;
AsyncClient& AsyncClient::operator=(AsyncClient&&) noexcept = default;
AsyncClient::~AsyncClient() = default;

Task<Expected<Record>> AsyncClient::get(Key key, std::vector<std::string> bin_names,
                                        ReadPolicy policy) const {
  const Want want = bin_names.empty() ? Want::AllBins : Want::Bins;
  AsyncLoop::Operation operation(*loop_, {.key = key,
                                          .header = read_header(want, policy),
                                          .policy = policy.command,
                                          .bin_names = bin_names});
  co_return co_await operation;
}

Task<Expected<bool>> AsyncClient::exists(Key key, ReadPolicy policy) const {
  AsyncLoop::Operation operation(
      *loop_,
      {.key = key, .header = read_header(Want::HeaderOnly, policy), .policy = policy.command});
  co_return found(co_await operation);
}

Task<Expected<Written>> AsyncClient::put(Key key, std::vector<Bin> bins, WritePolicy policy) const {
  const std::vector<client::Operation> writes = writes_of(bins);
  AsyncLoop::Operation operation(*loop_, {.key = key,
                                          .header = write_header(policy),
                                          .policy = policy.command,
                                          .operations = writes,
                                          .is_write = true,
                                          .send_key = policy.send_key});
  const Expected<Record> record = co_await operation;
  if (!record) co_return tl::unexpected(record.error());
  co_return Written{.generation = record->generation, .void_time = record->void_time};
}

Task<Expected<bool>> AsyncClient::remove(Key key, WritePolicy policy) const {
  AsyncLoop::Operation operation(*loop_, {.key = key,
                                          .header = remove_header(policy),
                                          .policy = policy.command,
                                          .is_write = true,
                                          .send_key = policy.send_key});
  co_return found(co_await operation);
}

Task<Expected<Record>> AsyncClient::operate(Key key, std::vector<client::Operation> operations,
                                            WritePolicy policy) const {
  bool is_write = false;
  for (const client::Operation& step : operations) is_write |= step.is_write();
  AsyncLoop::Operation operation(*loop_, {.key = key,
                                          .header = operate_header(operations, policy),
                                          .policy = policy.command,
                                          .operations = operations,
                                          .is_write = is_write,
                                          .send_key = policy.send_key});
  co_return co_await operation;
}

}  // namespace flotilla::client
