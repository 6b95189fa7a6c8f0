/**
 * What a capture changes on a database and what it costs: the short form of docs/impact-and-safety.md.
 * @param parameterGroup empty while it is not known
 */
export function CaptureImpact({ parameterGroup }: { parameterGroup: string }) {
  const group = parameterGroup === "" ? "its parameter group" : <code>{parameterGroup}</code>;
  return (
    <dl class="impact">
      <div>
        <dt>It changes</dt>
        <dd>
          In {group}, from a capture's start until half a minute after its end: <code>log_output</code> to{" "}
          <code>FILE</code>, and <code>general_log</code>, or <code>slow_query_log</code> with{" "}
          <code>long_query_time</code> and what else the slow log needs. All of it works without a reboot, and
          is given back as it was. Every other instance that uses the group writes the log, too.
        </dd>
      </div>
      <div>
        <dt>It never</dt>
        <dd>reboots, changes another parameter, or connects to the database.</dd>
      </div>
      <div>
        <dt>It costs the server</dt>
        <dd>
          a write into a file for each statement, and storage for about an hour of log at a time. How much
          that slows a server depends on how many statements it runs: capture a minute at a quiet hour first,
          and look at its CPU and write IOPS.
        </dd>
      </div>
      <div>
        <dt>It costs money</dt>
        <dd>
          up to 11 cents at AWS and about 1.4 cents for this service for an hour that logs 1 GB, by
          calculation: mostly for reading the log out of AWS.
        </dd>
      </div>
    </dl>
  );
}
