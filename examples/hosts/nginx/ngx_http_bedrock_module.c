/*
 * ngx_http_bedrock_module: a location that asks a model and streams the answer as Server-Sent Events.
 *
 *     bedrock KEY VALUE;      in http: a setting of the library, as "bedrock region eu-central-1;"
 *     bedrock_chat MODEL;     in a location: POST a prompt, or with Content-Type application/json a request of Converse
 *
 * Each worker has one client of the library, without a thread. The client's descriptor is an event of the worker's own
 * loop: everything below runs on the worker's one thread, and nothing waits.
 */
#include <bedrockstream.h>
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#define HEARTBEAT_MS 15000

typedef struct {
  brs_config *config;
} bedrock_main_conf_t;

typedef struct {
  ngx_str_t model;
} bedrock_loc_conf_t;

/* One answer on its way, in the request's pool. */
typedef struct {
  ngx_http_request_t *request; /* NULL when the stream is only freed */
  brs_stream *stream;
  ngx_chain_t *free, *busy; /* buffers to be used again, and those that the client has not taken yet */
  ngx_event_t heartbeat;
} bedrock_chat_t;

ngx_module_t ngx_http_bedrock_module;

static brs_client *client;
static ngx_connection_t *client_connection; /* what nginx knows the client's descriptor by */

/* ---- to the HTTP client */

/* Gives nginx a buffer, or lets it go on with what it has. NGX_AGAIN where the client is too slow just now. */
static ngx_int_t bedrock_write(bedrock_chat_t *chat, ngx_chain_t *out) {
  ngx_http_request_t *r = chat->request;
  ngx_event_t *event = r->connection->write;
  ngx_http_core_loc_conf_t *core = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
  ngx_int_t rc = ngx_http_output_filter(r, out);
  ngx_chain_update_chains(r->pool, &chat->free, &chat->busy, &out, (ngx_buf_tag_t)&ngx_http_bedrock_module);
  if (rc == NGX_AGAIN) {
    if (ngx_handle_write_event(event, core->send_lowat) != NGX_OK) return NGX_ERROR;
    if (!event->delayed && !event->timer_set) ngx_add_timer(event, core->send_timeout);
  } else if (event->timer_set && !event->delayed) {
    ngx_del_timer(event);
  }
  return rc;
}

/* A buffer of at least that size. The number of buffers is bounded: the stream pauses when the client is slow. */
static ngx_chain_t *bedrock_buffer(bedrock_chat_t *chat, size_t size) {
  ngx_chain_t *link = ngx_chain_get_free_buf(chat->request->pool, &chat->free);
  ngx_buf_t *buffer = link ? link->buf : NULL;
  if (buffer == NULL) return NULL;
  if ((size_t)(buffer->end - buffer->start) < size) {
    size = ngx_max(size, 2 * (size_t)(buffer->end - buffer->start));
    if (buffer->start != NULL) ngx_pfree(chat->request->pool, buffer->start);
    buffer->start = ngx_palloc(chat->request->pool, size);
    buffer->end = buffer->start ? buffer->start + size : NULL;
    if (buffer->start == NULL) return NULL;
  }
  buffer->pos = buffer->last = buffer->start;
  buffer->tag = (ngx_buf_tag_t)&ngx_http_bedrock_module;
  buffer->temporary = buffer->flush = 1;
  return link;
}

/* Sends `head`, the text as the inside of a JSON string, and `tail`. */
static ngx_int_t bedrock_send(bedrock_chat_t *chat, const char *head, const char *text, size_t len, const char *tail) {
  size_t head_len = ngx_strlen(head), tail_len = ngx_strlen(tail);
  size_t size = head_len + len + ngx_escape_json(NULL, (u_char *)text, len) + tail_len;
  ngx_chain_t *link = bedrock_buffer(chat, size);
  if (link == NULL) return NGX_ERROR;
  link->buf->last = ngx_cpymem(link->buf->last, head, head_len);
  link->buf->last = (u_char *)ngx_escape_json(link->buf->last, (u_char *)text, len);
  link->buf->last = ngx_cpymem(link->buf->last, tail, tail_len);
  return bedrock_write(chat, link);
}

/* Frees the stream, and cancels it where it has not ended. Does nothing the second time. */
static void bedrock_leave(bedrock_chat_t *chat) {
  brs_stream *stream = chat->stream;
  if (chat->heartbeat.timer_set) ngx_del_timer(&chat->heartbeat);
  chat->request = NULL;
  chat->stream = NULL;
  brs_stream_free(stream);
}

/* The request is over, well or not. The stream may be freed inside its own callback; what that was given stays. */
static void bedrock_finish(bedrock_chat_t *chat, ngx_int_t rc) {
  ngx_http_request_t *r = chat->request;
  ngx_connection_t *connection = r->connection;
  if (rc != NGX_ERROR) rc = ngx_http_send_special(r, NGX_HTTP_LAST);
  bedrock_leave(chat);
  ngx_http_finalize_request(r, rc);
  ngx_http_run_posted_requests(connection); /* nginx did not call us for this connection */
}

/* ---- callbacks of the stream, all inside brs_client_dispatch, brs_stream_free or brs_client_free */

static brs_flow bedrock_on_delta(void *user, brs_stream *stream, const brs_delta *delta) {
  ngx_int_t rc;
  (void)stream;
  if (delta->kind != BRS_DELTA_TEXT) return BRS_FLOW_CONTINUE;
  rc = bedrock_send(user, "data: {\"text\":\"", delta->text, delta->text_len, "\"}\n\n");
  if (rc == NGX_ERROR) return BRS_FLOW_CANCEL; /* bedrock_on_error follows */
  return rc == NGX_AGAIN ? BRS_FLOW_PAUSE : BRS_FLOW_CONTINUE;
}

static void bedrock_on_stop(void *user, brs_stream *stream, const brs_result *result) {
  u_char tail[200];
  (void)stream;
  ngx_snprintf(tail, sizeof tail, "\",\"input_tokens\":%L,\"output_tokens\":%L}\n\n%Z", result->usage.input_tokens,
               result->usage.output_tokens);
  bedrock_finish(user, bedrock_send(user, "event: done\ndata: {\"stop_reason\":\"", result->stop_reason_text,
                                    result->stop_reason_text_len, (char *)tail));
}

static void bedrock_on_error(void *user, brs_stream *stream, const brs_error *error) {
  bedrock_chat_t *chat = user;
  u_char head[200];
  (void)stream;
  if (chat->request == NULL) return; /* nobody to tell */
  ngx_snprintf(head, sizeof head, "event: error\ndata: {\"code\":\"%s\",\"delivered\":%uL,\"message\":\"%Z",
               error->name, error->delivered);
  bedrock_finish(chat, bedrock_send(chat, (char *)head, error->message, error->message_len, "\"}\n\n"));
}

/* ---- events of the request */

/* The HTTP client takes more. */
static void bedrock_on_writable(ngx_http_request_t *r) {
  bedrock_chat_t *chat = ngx_http_get_module_ctx(r, ngx_http_bedrock_module);
  ngx_int_t rc;
  if (r->connection->write->timedout) {
    r->connection->timedout = 1;
    ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
    return;
  }
  rc = bedrock_write(chat, NULL);
  if (rc == NGX_ERROR) ngx_http_finalize_request(r, rc);
  else if (rc != NGX_AGAIN) brs_stream_resume(chat->stream);
}

/* A comment now and then: proxies in between do not take silence for an end, and nginx does not quit while an answer is
   on its way, as it would without a timer. */
static void bedrock_on_heartbeat(ngx_event_t *event) {
  bedrock_chat_t *chat = event->data;
  ngx_add_timer(event, HEARTBEAT_MS);
  if (chat->busy == NULL && bedrock_send(chat, ":", "", 0, "\n\n") == NGX_ERROR) bedrock_finish(chat, NGX_ERROR);
}

/* The request's end, where the stream's did not come first: the HTTP client is gone, or nginx's patience. */
static void bedrock_cleanup(void *chat) { bedrock_leave(chat); }

/* The whole body, with a NUL behind it. */
static ngx_int_t bedrock_read_body(ngx_http_request_t *r, ngx_str_t *body) {
  ngx_chain_t *link, *links = r->request_body ? r->request_body->bufs : NULL;
  u_char *to;
  body->len = 0;
  for (link = links; link != NULL; link = link->next) body->len += (size_t)ngx_buf_size(link->buf);
  body->data = to = ngx_pnalloc(r->pool, body->len + 1);
  if (to == NULL) return NGX_ERROR;
  for (link = links; link != NULL; link = link->next) {
    size_t size = (size_t)ngx_buf_size(link->buf);
    if (!link->buf->in_file) ngx_memcpy(to, link->buf->pos, size);
    else if (ngx_read_file(link->buf->file, to, size, link->buf->file_pos) != (ssize_t)size) return NGX_ERROR;
    to += size;
  }
  *to = '\0';
  return NGX_OK;
}

static ngx_int_t bedrock_open(bedrock_chat_t *chat, const ngx_str_t *body) {
  ngx_http_request_t *r = chat->request;
  bedrock_loc_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_bedrock_module);
  ngx_table_elt_t *type = r->headers_in.content_type;
  brs_diagnostic why = {.size = sizeof why};
  brs_callbacks callbacks = {.size = sizeof callbacks, .user = chat, .on_delta = bedrock_on_delta,
                             .on_stop = bedrock_on_stop, .on_error = bedrock_on_error};
  brs_request request = {.size = sizeof request, .operation = BRS_CONVERSE_STREAM};
  request.model_id = (char *)conf->model.data;
  if (type != NULL && ngx_strncasecmp(type->value.data, (u_char *)"application/json", 16) == 0)
    request.body = (char *)body->data, request.body_len = body->len;
  else if (ngx_strlen(body->data) == body->len)
    request.prompt = (char *)body->data;
  if (brs_stream_open(client, &request, &callbacks, &chat->stream, &why) == BRS_OK) return NGX_OK;
  ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "bedrock: %s: %s", brs_code_name(why.code), why.message);
  return why.code == BRS_E_ARGUMENT ? NGX_HTTP_BAD_REQUEST : NGX_HTTP_INTERNAL_SERVER_ERROR;
}

/* The request's body is there. */
static void bedrock_begin(ngx_http_request_t *r) {
  bedrock_chat_t *chat = ngx_pcalloc(r->pool, sizeof *chat);
  ngx_http_cleanup_t *cleanup = ngx_http_cleanup_add(r, 0);
  ngx_str_t body;
  ngx_int_t rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
  if (chat != NULL && cleanup != NULL && bedrock_read_body(r, &body) == NGX_OK) {
    cleanup->handler = bedrock_cleanup;
    cleanup->data = chat;
    chat->request = r;
    rc = bedrock_open(chat, &body);
  }
  if (rc != NGX_OK) {
    ngx_http_finalize_request(r, rc);
    return;
  }
  ngx_http_set_ctx(r, chat, ngx_http_bedrock_module);
  r->read_event_handler = ngx_http_test_reading; /* ends the request when the HTTP client goes away */
  r->write_event_handler = bedrock_on_writable;
  chat->heartbeat.handler = bedrock_on_heartbeat;
  chat->heartbeat.data = chat;
  chat->heartbeat.log = r->connection->log;
  ngx_add_timer(&chat->heartbeat, HEARTBEAT_MS);
  r->headers_out.status = NGX_HTTP_OK;
  ngx_str_set(&r->headers_out.content_type, "text/event-stream");
  r->headers_out.content_type_len = r->headers_out.content_type.len;
  rc = ngx_http_send_header(r);
  if (rc == NGX_ERROR || rc > NGX_OK || ngx_http_send_special(r, NGX_HTTP_FLUSH) == NGX_ERROR)
    ngx_http_finalize_request(r, NGX_ERROR);
}

static ngx_int_t bedrock_handler(ngx_http_request_t *r) {
  ngx_int_t rc;
  if (r->method != NGX_HTTP_POST) return NGX_HTTP_NOT_ALLOWED;
  rc = ngx_http_read_client_request_body(r, bedrock_begin);
  return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}

/* ---- the worker */

static void bedrock_on_readable(ngx_event_t *event) {
  (void)event;
  brs_client_dispatch(client);
}

/* In the worker: a client from before the fork would answer BRS_E_FORKED. */
static ngx_int_t bedrock_init_process(ngx_cycle_t *cycle) {
  bedrock_main_conf_t *conf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_bedrock_module);
  brs_diagnostic why = {.size = sizeof why};
  int32_t fd;
  if (conf == NULL || (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)) return NGX_OK;
  if (brs_client_new(conf->config, &client, &why) != BRS_OK || brs_client_fd(client, &fd) != BRS_OK) {
    ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "bedrock: %s", why.message);
    return NGX_ERROR;
  }
  client_connection = ngx_get_connection(fd, cycle->log);
  if (client_connection == NULL) return NGX_ERROR;
  client_connection->read->handler = bedrock_on_readable;
  client_connection->read->log = cycle->log;
  return ngx_add_event(client_connection->read, NGX_READ_EVENT, NGX_LEVEL_EVENT);
}

/* Answers that are still on their way, as when nginx is stopped at once, end with an error event. */
static void bedrock_exit_process(ngx_cycle_t *cycle) {
  (void)cycle;
  if (client_connection != NULL) {
    ngx_del_event(client_connection->read, NGX_READ_EVENT, 0);
    ngx_free_connection(client_connection);
    client_connection->fd = (ngx_socket_t)-1;
  }
  brs_client_free(client);
}

/* ---- configuration */

static void bedrock_on_log(void *user, brs_log_level level, const char *message, size_t len) {
  ngx_uint_t importance = level == BRS_LOG_ERROR ? NGX_LOG_ERR : NGX_LOG_WARN;
  (void)user, (void)len;
  ngx_log_error(importance, ngx_cycle->log, 0, "bedrock: %s", message);
}

static void bedrock_free_config(void *data) { brs_config_free(data); }

static void *bedrock_create_main_conf(ngx_conf_t *cf) {
  bedrock_main_conf_t *conf = ngx_pcalloc(cf->pool, sizeof *conf);
  ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, 0);
  if (conf == NULL || cleanup == NULL || brs_config_new(&conf->config) != BRS_OK) return NULL;
  cleanup->handler = bedrock_free_config;
  cleanup->data = conf->config;
  return conf;
}

static char *bedrock_init_main_conf(ngx_conf_t *cf, void *data) {
  bedrock_main_conf_t *conf = data;
  (void)cf;
  if (brs_config_set(conf->config, "io.threads", "0", NULL) != BRS_OK) return NGX_CONF_ERROR;
  if (brs_config_on_log(conf->config, BRS_LOG_WARNING, bedrock_on_log, NULL) != BRS_OK) return NGX_CONF_ERROR;
  return NGX_CONF_OK;
}

static void *bedrock_create_loc_conf(ngx_conf_t *cf) { return ngx_pcalloc(cf->pool, sizeof(bedrock_loc_conf_t)); }

static char *bedrock_set_key(ngx_conf_t *cf, ngx_command_t *command, void *data) {
  bedrock_main_conf_t *conf = data;
  ngx_str_t *words = cf->args->elts; /* each ends with a NUL */
  brs_diagnostic why = {.size = sizeof why};
  (void)command;
  if (brs_config_set(conf->config, (char *)words[1].data, (char *)words[2].data, &why) == BRS_OK) return NGX_CONF_OK;
  ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", why.message);
  return NGX_CONF_ERROR;
}

static char *bedrock_set_chat(ngx_conf_t *cf, ngx_command_t *command, void *conf) {
  ngx_http_core_loc_conf_t *core = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
  core->handler = bedrock_handler;
  return ngx_conf_set_str_slot(cf, command, conf);
}

static ngx_command_t bedrock_commands[] = {
  {ngx_string("bedrock"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE2, bedrock_set_key, NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL},
  {ngx_string("bedrock_chat"), NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1, bedrock_set_chat, NGX_HTTP_LOC_CONF_OFFSET,
   offsetof(bedrock_loc_conf_t, model), NULL},
  ngx_null_command,
};

static ngx_http_module_t bedrock_context = {
  .create_main_conf = bedrock_create_main_conf,
  .init_main_conf = bedrock_init_main_conf,
  .create_loc_conf = bedrock_create_loc_conf,
};

ngx_module_t ngx_http_bedrock_module = {
  NGX_MODULE_V1, &bedrock_context, bedrock_commands, NGX_HTTP_MODULE, NULL, NULL, bedrock_init_process, NULL, NULL,
  bedrock_exit_process, NULL, NGX_MODULE_V1_PADDING,
};
