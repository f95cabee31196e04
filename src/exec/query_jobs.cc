#include "exec/query_jobs.h"

#include <algorithm>

namespace flotilla::exec {

Result<void> QueryJobs::add(std::shared_ptr<QueryJob> job, std::size_t active_most) {
  const std::scoped_lock lock(mutex_);
  const auto same = [&](const auto& other) { return other->id == job->id; };
  if (job->id == 0) {
    do {
      job->id = next_id_++ << 32 | 0x464C4FU;  // Away from the small ids that people type.
    } while (std::ranges::any_of(active_, same) || std::ranges::any_of(finished_, same));
  } else if (std::ranges::any_of(active_, same) || std::ranges::any_of(finished_, same)) {
    return fail(Code::Parameter, "query: id in use");
  }
  if (active_.size() >= active_most) return fail(Code::Forbidden, "query: too many");
  active_.push_back(std::move(job));
  return {};
}

void QueryJobs::finish(const std::shared_ptr<QueryJob>& job, QueryJob::End end, Instant now) {
  const std::scoped_lock lock(mutex_);
  job->finished_ns.store(now.since_start.count());
  job->end.store(end);
  std::erase(active_, job);
  finished_.push_back(job);
  while (finished_.size() > finished_most_.load()) finished_.pop_front();
}

std::vector<std::shared_ptr<QueryJob>> QueryJobs::list() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<QueryJob>> all = active_;
  all.insert(all.end(), finished_.rbegin(), finished_.rend());
  return all;
}

std::shared_ptr<QueryJob> QueryJobs::find(std::uint64_t id) const {
  for (auto& job : list())
    if (job->id == id) return job;
  return nullptr;
}

bool QueryJobs::abort(std::uint64_t id) {
  const std::scoped_lock lock(mutex_);
  for (const auto& job : active_) {
    if (job->id != id) continue;
    job->abort.store(true);
    return true;
  }
  return false;
}

std::size_t QueryJobs::abort_all() {
  const std::scoped_lock lock(mutex_);
  for (const auto& job : active_) job->abort.store(true);
  return active_.size();
}

std::size_t QueryJobs::active() const {
  const std::scoped_lock lock(mutex_);
  return active_.size();
}

}  // namespace flotilla::exec
