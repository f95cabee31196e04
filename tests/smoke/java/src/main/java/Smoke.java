import com.aerospike.client.AerospikeClient;
import com.aerospike.client.Bin;
import com.aerospike.client.Key;
import com.aerospike.client.Operation;
import com.aerospike.client.Record;
import java.util.concurrent.atomic.AtomicInteger;

/** Puts, gets, operates on, batch-reads, and scans twenty records through the official Java client. */
public final class Smoke {
  private static final String NAMESPACE = "test";
  private static final String SET = "smoke_java";
  private static final int RECORDS = 20;

  private final AerospikeClient client;
  private final Key[] keys = new Key[RECORDS];

  private Smoke(AerospikeClient client) {
    this.client = client;
  }

  public static void main(String[] args) {
    try (AerospikeClient client = new AerospikeClient("127.0.0.1", Integer.parseInt(args[0]))) {
      Smoke smoke = new Smoke(client);
      smoke.put();
      smoke.get();
      smoke.operate();
      smoke.batch();
      smoke.scan();
    }
    System.out.println("smoke java: ok");
  }

  private void put() {
    for (int i = 0; i < RECORDS; i++) {
      keys[i] = new Key(NAMESPACE, SET, i);
      client.put(null, keys[i], new Bin("n", i), new Bin("s", text(i)));
    }
  }

  private void get() {
    Record record = client.get(null, keys[7]);
    want("get", record.getLong("n"), 7L);
    want("get", record.getString("s"), text(7));
  }

  private void operate() {
    Record record =
        client.operate(
            null,
            keys[7],
            Operation.add(new Bin("n", 5)),
            Operation.append(new Bin("s", "!")),
            Operation.get());
    want("operate", record.getLong("n"), 12L);
    want("operate", record.getString("s"), text(7) + "!");
  }

  private void batch() {
    Record[] found = client.get(null, keys);
    for (int i = 0; i < RECORDS; i++) {
      want("batch", found[i].getLong("n"), i == 7 ? 12L : i);
    }
  }

  private void scan() {
    AtomicInteger seen = new AtomicInteger();
    client.scanAll(null, NAMESPACE, SET, (key, record) -> seen.incrementAndGet());
    want("scan", seen.get(), RECORDS);
  }

  private static String text(int i) {
    return "text " + i;
  }

  private static void want(String what, Object got, Object wanted) {
    if (!got.equals(wanted)) {
      throw new AssertionError(what + ": got " + got + ", want " + wanted);
    }
  }
}
