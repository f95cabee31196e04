import com.aerospike.client.AerospikeClient;
import com.aerospike.client.AerospikeException;
import com.aerospike.client.Bin;
import com.aerospike.client.Host;
import com.aerospike.client.Key;
import com.aerospike.client.Record;
import com.aerospike.client.ResultCode;
import com.aerospike.client.policy.ClientPolicy;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Carries out lines as user.go describes them, with the official Java client and its default policies. */
public final class User {
  private final AerospikeClient client;
  private final String namespace;

  private User(AerospikeClient client, String namespace) {
    this.client = client;
    this.namespace = namespace;
  }

  public static void main(String[] arguments) throws IOException {
    Host[] seeds = Arrays.stream(arguments[2].split(",")).map(User::host).toArray(Host[]::new);
    ExecutorService threads = Executors.newFixedThreadPool(Integer.parseInt(arguments[1]));
    try (AerospikeClient client = new AerospikeClient(new ClientPolicy(), seeds)) {
      User user = new User(client, arguments[0]);
      say("ready");
      BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        String[] words = line.split(" ");
        threads.execute(() -> say(words[0] + " " + user.ending(words)));
      }
      threads.shutdownNow();
    }
  }

  private static Host host(String seed) {
    int colon = seed.lastIndexOf(':');
    return new Host(seed.substring(0, colon), Integer.parseInt(seed.substring(colon + 1)));
  }

  private static synchronized void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private String ending(String[] words) {
    try {
      return carryOut(words);
    } catch (AerospikeException e) {
      int code = e.getResultCode();
      // Of errors on the way the client says whether a write may have happened; a time that is over is always doubt.
      boolean doubt = e.getInDoubt() || code == ResultCode.TIMEOUT;
      String text = String.valueOf(e.getMessage()).replace('\n', ' ');
      return (doubt ? "doubt " : "refused ") + code + " " + text.substring(0, Math.min(160, text.length()));
    }
  }

  private String carryOut(String[] words) {
    Key key = new Key(namespace, words[2], Integer.parseInt(words[3]));
    switch (words[1]) {
      case "put":
        client.put(null, key, new Bin("v", Long.parseLong(words[4])), new Bin("p", words[5]));
        return "done";
      case "remove":
        client.delete(null, key);
        return "done";
      case "add":
        client.add(null, key, new Bin("n", 1));
        return "done";
      default:
        Record record = client.get(null, key);
        if (record == null) return "none";
        String payload = record.getString("p");
        return "found " + record.getLong("v") + " " + (payload == null ? "-" : payload);
    }
  }
}
