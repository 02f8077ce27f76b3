//! Every budget in one place. Nothing that a stranger sends is trusted to be small.
//!
//! Each limit says what it bounds, its default, and what to do when an honest user meets it.

/// The budgets of one loaded model or bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one model file. Default 256 MiB: a random forest of 1,000 deep trees is 100 MB.
    pub model_bytes: usize,
    /// Nodes in one model, those of nested graphs and expanded functions included. Default 50,000.
    pub nodes: usize,
    /// Depth of graphs within graphs, and of functions within functions. Default 16.
    pub nesting: usize,
    /// Elements of one tensor that a run makes. Default 2^27: a batch of 100,000 rows by 1,000 columns.
    pub tensor_elements: usize,
    /// Bytes of all tensors that a run holds at one time, its inputs apart. Default 512 MiB: an honest
    /// batch that needs more fits in two halves.
    pub run_bytes: usize,
    /// Steps of one run. Default 2,000,000, some tenths of a second. A node's execution is a step, each time
    /// round a loop; within a loop every 4 KiB that it makes are one more.
    pub steps: u64,
    /// Further steps for each byte that the run is fed. Default 4: honest loops go over their input, so a
    /// large batch may take as many more rounds as it is larger.
    pub steps_per_byte: u64,
    /// Bytes that an explainer of trees may take to answer quickly: half for its tables, half for what it
    /// remembers. Default 128 MiB: a boosted ensemble of 1,000 trees with 63 leaves
    /// takes half. What does not fit is computed for every row, which takes longer and changes the last digits
    /// at most.
    pub reasons_bytes: usize,
    /// Bytes of one bundle, unpacked. Default 512 MiB.
    pub bundle_bytes: usize,
    /// Files in one bundle. Default 1,024.
    pub bundle_files: usize,
    /// Bytes of one record as JSON. Default 1 MiB.
    pub record_bytes: usize,
    /// Records in one list of records. Default 10,000: two years of a busy account.
    pub list_records: usize,
    /// Fields of the records of one list. Default 64.
    pub list_fields: usize,
    /// Rows in one batch. Default 1,000,000; hosts stream larger ones in chunks.
    pub batch_rows: usize,
    /// Rules, features and bins together in one bundle. Default 10,000.
    pub manifest_items: usize,
    /// Cells of all decision tables of one bundle together. Default 100,000: 5,000 rows of 20 columns.
    pub table_cells: usize,
    /// Returns of all scenarios of one bundle together. Default 100,000: ten years of days by 40 factors.
    pub scenario_cells: usize,
    /// Records that are scored to say what would change one outcome. Default 10,000: fifty fields of a hundred
    /// steps either way.
    pub what_if_records: usize,
    /// Instructions of one compiled rule or feature. Default 4,096.
    pub rule_instructions: usize,
}

impl Limits {
    /// The documented defaults.
    pub const DEFAULT: Self = Self {
        model_bytes: 256 << 20,
        nodes: 50_000,
        nesting: 16,
        tensor_elements: 1 << 27,
        run_bytes: 512 << 20,
        steps: 2_000_000,
        steps_per_byte: 4,
        reasons_bytes: 128 << 20,
        bundle_bytes: 512 << 20,
        bundle_files: 1_024,
        record_bytes: 1 << 20,
        list_records: 10_000,
        list_fields: 64,
        batch_rows: 1_000_000,
        manifest_items: 10_000,
        table_cells: 100_000,
        scenario_cells: 100_000,
        what_if_records: 10_000,
        rule_instructions: 4_096,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
